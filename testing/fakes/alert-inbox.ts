import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import type { HttpAnswer, HttpCall } from './http-server.js';

/** One message as published to SNS. */
export interface PublishedMessage {
  readonly at: Date;
  readonly subject: string;
  /** Its body for each protocol. */
  readonly bodies: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  /** The subscriptions whose filter selects it, as `<protocol>:<endpoint>`. */
  readonly deliveredTo: readonly string[];
}

export type AlertInbox = ReturnType<typeof createAlertInbox>;

const MESSAGE_BYTES = 262_144;
const FILTER_COMBINATIONS = 150;
const FILTER_KEYS = 5;

const BodiesSchema = z.record(z.string(), z.string()).refine(({ default: text }) => text);
const FilterSchema = z.record(z.string(), z.array(z.string()).min(1));
type Filter = z.infer<typeof FilterSchema>;

/** SNS as far as this product uses it, with its limits: messages are kept, with who gets them. */
export function createAlertInbox(
  now: () => Date,
  onMessage: (message: PublishedMessage) => void = () => {},
) {
  const messages: PublishedMessage[] = [];
  const filters = new Map<string, Filter>();

  function publish(form: URLSearchParams): HttpAnswer {
    const text = form.get('Message') ?? '';
    const attributes = entriesOf(form, 'MessageAttributes', 'Name', 'Value.StringValue');
    const bodies = BodiesSchema.safeParse(parseJson(text));
    const subject = form.get('Subject') ?? '';
    if (!bodies.success)
      return invalid('Message Structure - No default entry in JSON message body');
    // Less than 100 characters of ASCII in one line, the first of them a letter, digit or mark.
    if (!/^[\x21-\x7e][\x20-\x7e]{0,98}$/.test(subject)) return invalid('Subject');
    const empty = Object.entries(attributes).find(([, value]) => value === '');
    if (empty) {
      return invalid(
        `The message attribute '${empty[0]}' must contain non-empty message attribute value`,
      );
    }
    const bytes = Buffer.byteLength(text + Object.entries(attributes).flat().join(''));
    if (bytes > MESSAGE_BYTES) return invalid('Message too long');
    const deliveredTo = [...filters].flatMap(([to, filter]) =>
      selects(filter, attributes) ? to : [],
    );
    const message = { at: now(), subject, bodies: bodies.data, attributes, deliveredTo };
    messages.push(message);
    onMessage(message);
    return result('Publish', `<MessageId>${randomUUID()}</MessageId>`);
  }

  function subscribe(form: URLSearchParams): HttpAnswer {
    const { FilterPolicy = '{}' } = entriesOf(form, 'Attributes', 'key', 'value');
    const filter = FilterSchema.safeParse(parseJson(FilterPolicy));
    if (!filter.success) return invalid('FilterPolicy: failed to parse JSON');
    const lists = Object.values(filter.data);
    if (lists.length > FILTER_KEYS)
      return invalid('FilterPolicy: Filter policy can not have more than 5 keys');
    const combinations = lists.reduce((product, values) => product * values.length, 1);
    if (combinations > FILTER_COMBINATIONS)
      return invalid('FilterPolicy: Filter policy is too complex');
    filters.set(`${form.get('Protocol')}:${form.get('Endpoint')}`, filter.data);
    const arn = `${form.get('TopicArn')}:${randomUUID()}`;
    return result('Subscribe', `<SubscriptionArn>${arn}</SubscriptionArn>`);
  }

  return {
    /** The subscriptions that a deploy replaces. */
    unsubscribeAll: () => filters.clear(),
    messages: messages as readonly PublishedMessage[],

    async answer({ body }: HttpCall): Promise<HttpAnswer> {
      const form = new URLSearchParams(body);
      switch (form.get('Action')) {
        case 'Publish':
          return publish(form);
        case 'Subscribe':
          return subscribe(form);
        default:
          return invalid('only Publish and Subscribe are known here');
      }
    },
  };
}

/** Each of its attributes must be there with one of the values. */
function selects(filter: Filter, attributes: Readonly<Record<string, string>>): boolean {
  return Object.entries(filter).every(([name, values]) => values.includes(attributes[name] ?? ''));
}

/** `<list>.entry.1.<name>`, `<list>.entry.1.<value>` and so on. */
function entriesOf(form: URLSearchParams, list: string, name: string, value: string) {
  const entries: Record<string, string> = {};
  for (let i = 1; form.has(`${list}.entry.${i}.${name}`); i += 1) {
    entries[form.get(`${list}.entry.${i}.${name}`) ?? ''] =
      form.get(`${list}.entry.${i}.${value}`) ?? '';
  }
  return entries;
}

function result(action: string, content: string): HttpAnswer {
  return xml(
    200,
    `<${action}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${action}Result>${content}</${action}Result></${action}Response>`,
  );
}

function invalid(parameter: string): HttpAnswer {
  return xml(
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>Invalid parameter: ${parameter}</Message></Error></ErrorResponse>`,
  );
}

function xml(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body };
}
