import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import type { HttpAnswer, HttpCall } from './http-server.js';

/** One message as SNS got it. */
export interface PublishedMessage {
  readonly at: Date;
  readonly subject: string;
  /** Its body for each protocol. */
  readonly bodies: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

export type AlertInbox = ReturnType<typeof createAlertInbox>;

const BodiesSchema = z.record(z.string(), z.string()).refine(({ default: text }) => text);

/** SNS as far as this product uses it: messages come in, and stay. */
export function createAlertInbox(
  now: () => Date,
  onMessage: (message: PublishedMessage) => void = () => {},
) {
  const messages: PublishedMessage[] = [];
  return {
    messages: messages as readonly PublishedMessage[],

    async answer({ body }: HttpCall): Promise<HttpAnswer> {
      const form = new URLSearchParams(body);
      if (form.get('Action') !== 'Publish') return invalid('only Publish is known here');
      const bodies = BodiesSchema.safeParse(parseJson(form.get('Message') ?? ''));
      const subject = form.get('Subject') ?? '';
      if (!bodies.success) return invalid('MessageStructure json needs a default body');
      // SNS rejects subjects that are longer, or anything but a line of ASCII.
      if (!/^[\x20-\x7e]{1,100}$/.test(subject)) return invalid('Invalid parameter: Subject');
      const message = { at: now(), subject, bodies: bodies.data, attributes: attributesOf(form) };
      messages.push(message);
      onMessage(message);
      return xml(
        200,
        `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult></PublishResponse>`,
      );
    },
  };
}

function attributesOf(form: URLSearchParams): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (let i = 1; form.has(`MessageAttributes.entry.${i}.Name`); i += 1) {
    const name = form.get(`MessageAttributes.entry.${i}.Name`) ?? '';
    attributes[name] = form.get(`MessageAttributes.entry.${i}.Value.StringValue`) ?? '';
  }
  return attributes;
}

function invalid(message: string): HttpAnswer {
  return xml(
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );
}

function xml(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
