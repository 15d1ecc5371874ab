import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../governance/platform/json.js';
import { EVENT_SOURCE } from '../../governance/policy/event-names.js';
import {
  detailSchema,
  EVENT_TYPES,
  type EventType,
} from '../../governance/policy/event-schemas.js';
import { AwsError, type AwsOperation } from './aws-json.js';

/** One event as rules see it. */
export interface PutEvent {
  readonly bus: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly time: Date;
  readonly detail: { readonly type: EventType; readonly id: string } & Record<string, unknown>;
}

export type FakeEventBus = ReturnType<typeof createFakeEventBus>;

const MOST_ENTRIES = 10;
const MOST_BYTES = 262_144;

const EntrySchema = z.object({
  Source: z.literal(EVENT_SOURCE),
  DetailType: z.string().min(1).max(128),
  Detail: z.string(),
  Resources: z.array(z.string()).default([]),
  Time: z.number(),
  EventBusName: z.string().min(1),
});
type Entry = z.infer<typeof EntrySchema>;
const TypeSchema = z.object({ type: z.enum(EVENT_TYPES) });

/**
 * EventBridge's PutEvents with its limits. It takes no event whose detail is not of the schema of its type.
 * `rejects` says why it does not take an entry, as where it is throttled.
 */
export function createFakeEventBus(
  rejects: (event: PutEvent) => string | undefined = () => undefined,
) {
  const events: PutEvent[] = [];

  function putOne(entry: Entry) {
    const detail = parseJson(entry.Detail);
    const { type } = TypeSchema.parse(detail);
    const event: PutEvent = {
      bus: entry.EventBusName,
      detailType: entry.DetailType,
      resources: entry.Resources,
      time: new Date(entry.Time * 1000),
      detail: detailSchema(type).strict().parse(detail),
    };
    const ErrorCode = rejects(event);
    if (ErrorCode !== undefined) return { ErrorCode, ErrorMessage: 'not taken' };
    events.push(event);
    return { EventId: randomUUID() };
  }

  const operations: Record<string, AwsOperation> = {
    PutEvents(input) {
      const { Entries } = z.object({ Entries: z.array(EntrySchema) }).parse(input);
      if (Entries.length > MOST_ENTRIES) {
        throw new AwsError('ValidationException', "'entries' failed: at most 10 members");
      }
      if (Entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > MOST_BYTES) {
        throw new AwsError(
          'ValidationException',
          'Total size of the entries in the request is over the limit.',
        );
      }
      const answers = Entries.map(putOne);
      const FailedEntryCount = answers.filter((one) => 'ErrorCode' in one).length;
      return { FailedEntryCount, Entries: answers };
    },
  };

  return { operations, events: events as readonly PutEvent[] };
}

/** As https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html counts. */
function bytesOf({ Source, DetailType, Detail, Resources }: Entry): number {
  return 14 + Buffer.byteLength([Source, DetailType, Detail, ...Resources].join(''));
}
