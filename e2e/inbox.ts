import * as z from 'zod';
import { allow } from './account.js';
import type { Cloud } from './cloud.js';
import { ACCOUNT, REGION } from './emulator.js';
import { ClaimError } from './report.js';

const QueueSchema = z.object({ QueueUrl: z.string() });
const AttributesSchema = z.object({ Attributes: z.object({ QueueArn: z.string() }) });
const ReceivedSchema = z.object({
  Messages: z.array(z.object({ Body: z.string(), ReceiptHandle: z.string() })).default([]),
});
const NotificationSchema = z.object({ Message: z.string() });
const AlertSchema = z.looseObject({
  version: z.literal(1),
  type: z.string(),
  severity: z.string(),
  nextSteps: z.array(z.looseObject({ command: z.string().optional() })).default([]),
});
/** More than this run ever sends at once. */
const MOST_BATCHES = 50;

export type ReceivedAlert = z.infer<typeof AlertSchema>;

export type Inbox = Awaited<ReturnType<typeof openInbox>>;

/** A queue of the operators, made before the deploy, which lets the topic of the app in. */
export async function openInbox({ sqs }: Cloud) {
  const { QueueUrl } = QueueSchema.parse(await sqs('CreateQueue', { QueueName: 'on-call' }));
  const attributes = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  const { QueueArn } = AttributesSchema.parse(attributes).Attributes;
  const Policy = JSON.stringify(queuePolicy(QueueArn));
  await sqs('SetQueueAttributes', { QueueUrl, Attributes: { Policy } });

  async function take(): Promise<ReceivedAlert[]> {
    const answer = await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    const { Messages } = ReceivedSchema.parse(answer);
    if (Messages.length === 0) return [];
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await sqs('DeleteMessageBatch', { QueueUrl, Entries });
    return Messages.map(({ Body }) =>
      AlertSchema.parse(JSON.parse(NotificationSchema.parse(JSON.parse(Body)).Message)),
    );
  }

  return {
    queueArn: QueueArn,

    /** Takes what is in the queue, without waiting for more. */
    async receive(): Promise<ReceivedAlert[]> {
      const alerts: ReceivedAlert[] = [];
      for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
        const taken = await take();
        if (taken.length === 0) return alerts;
        alerts.push(...taken);
      }
      const last = alerts.slice(-MOST_BATCHES).map(({ type }) => type);
      throw new ClaimError('a queue that is empty at last', last);
    },
  };
}

function queuePolicy(queueArn: string) {
  const topics = `arn:aws:sns:${REGION}:${ACCOUNT}:MistralGovernance-*`;
  return allow({
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnLike: { 'aws:SourceArn': topics } },
  });
}
