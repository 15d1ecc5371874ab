import * as z from 'zod';
import type { Cloud } from './cloud.js';
import { ACCOUNT, REGION } from './emulator.js';

const QueueSchema = z.object({ QueueUrl: z.string() });
const AttributesSchema = z.object({ Attributes: z.object({ QueueArn: z.string() }) });
const ReceivedSchema = z
  .object({
    Messages: z.array(z.object({ Body: z.string(), ReceiptHandle: z.string() })).default([]),
  })
  .default({ Messages: [] });
const NotificationSchema = z.object({ Message: z.string() });
const AlertSchema = z.looseObject({
  version: z.literal(1),
  type: z.string(),
  severity: z.string(),
  title: z.string(),
  nextSteps: z.array(z.object({ say: z.string(), command: z.string().optional() })).default([]),
});

export type ReceivedAlert = z.infer<typeof AlertSchema>;

/** A queue of the operators, made before the deploy, which lets the topic of the app in. */
export interface Inbox {
  readonly queueArn: string;
  /** Takes what is in the queue, without waiting for more. */
  receive(): Promise<ReceivedAlert[]>;
}

export async function openInbox({ aws }: Cloud): Promise<Inbox> {
  const created = await aws('sqs', 'create-queue', '--queue-name', 'on-call');
  const { QueueUrl } = QueueSchema.parse(created);
  const queue = ['--queue-url', QueueUrl];
  const attributes = await aws(
    ...['sqs', 'get-queue-attributes', ...queue, '--attribute-names', 'QueueArn'],
  );

  const { QueueArn } = AttributesSchema.parse(attributes).Attributes;
  await aws(
    ...['sqs', 'set-queue-attributes', ...queue],
    ...['--attributes', JSON.stringify({ Policy: JSON.stringify(queuePolicy(QueueArn)) })],
  );

  async function take(): Promise<ReceivedAlert[]> {
    const answer = await aws('sqs', 'receive-message', ...queue, '--max-number-of-messages', '10');
    const { Messages } = ReceivedSchema.parse(answer);
    if (Messages.length === 0) return [];
    const entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await aws('sqs', 'delete-message-batch', ...queue, '--entries', JSON.stringify(entries));
    return Messages.map(({ Body }) =>
      AlertSchema.parse(JSON.parse(NotificationSchema.parse(JSON.parse(Body)).Message)),
    );
  }

  return {
    queueArn: QueueArn,

    async receive() {
      const alerts: ReceivedAlert[] = [];
      for (let taken = await take(); taken.length > 0; taken = await take()) alerts.push(...taken);
      return alerts;
    },
  };
}

function queuePolicy(queueArn: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: queueArn,
        Condition: {
          ArnLike: { 'aws:SourceArn': `arn:aws:sns:${REGION}:${ACCOUNT}:MistralGovernance-*` },
        },
      },
    ],
  };
}
