import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { backoffMs } from '../platform/backoff.js';
import type { Log } from '../platform/log.js';
import type { LoggingRuntime } from '../policy/function-runtime.js';
import { type AlertOrigin, type AlertsEnv, originOf } from './alert-origin.js';
import { type EventEntry, entryOf, MOST_BYTES, type StateEvent, sizeOf } from './state-event.js';
import { createUndeliveredEvents, type UndeliveredEvents } from './undelivered-events.aws.js';

/** Where programs hear of changes of state. */
export interface EventBus {
  /**
   * Delivers at least once: what the bus does not take now is kept, and delivered later. Fails only where that
   * is not possible either.
   */
  send(events: readonly StateEvent[]): Promise<void>;
}

/** Delivers what could not be delivered before. */
export interface Redelivery {
  /** @returns how many events are still kept of those that were tried */
  redeliver(): Promise<number>;
}

export interface EventBusOptions {
  readonly client: EventBridgeClient;
  readonly busName: string;
  readonly origin: AlertOrigin;
  /** @default none: what is not delivered fails */
  readonly undelivered?: UndeliveredEvents;
  readonly log: Log;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** For a function that writes to the records table, which keeps what is not delivered. */
export function connectEventBus(
  { aws, policy, log, sleep }: Pick<LoggingRuntime, 'aws' | 'policy' | 'log' | 'sleep'>,
  env: AlertsEnv & { readonly RECORDS_TABLE_NAME: string },
  dynamo: DynamoDBClient,
): EventBus & Redelivery {
  return createEventBus({
    client: new EventBridgeClient(aws),
    busName: policy.events.busName,
    origin: originOf(env, policy.alerts),
    undelivered: createUndeliveredEvents(dynamo, env.RECORDS_TABLE_NAME),
    log,
    sleep,
  });
}

const MOST_ENTRIES = 10;
const ATTEMPTS = 4;
const REDELIVERED_AT_ONCE = 200;

export function createEventBus(options: EventBusOptions): EventBus & Redelivery {
  const { client, busName, origin, undelivered, log, sleep } = options;

  /** Of the entries, those that were not taken, and why. */
  async function put(entries: readonly EventEntry[]): Promise<Rejected> {
    let rejected: Rejected = { entries, reason: undefined };
    for (let attempt = 1; ; attempt += 1) {
      rejected = await putOnce(rejected.entries);
      if (rejected.entries.length === 0 || attempt === ATTEMPTS) return rejected;
      await sleep(backoffMs(attempt, Math.random));
    }
  }

  /** One call may take some entries, and reject others. */
  async function putOnce(entries: readonly EventEntry[]): Promise<Rejected> {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: entries.map(({ timeMs, Resources, ...entry }) => ({
          ...entry,
          Resources: [...Resources],
          Time: new Date(timeMs),
          EventBusName: busName,
        })),
      }),
    );
    const reason = Entries.find(({ ErrorCode }) => ErrorCode !== undefined)?.ErrorCode;
    return { entries: entries.filter((_, at) => Entries[at]?.EventId === undefined), reason };
  }

  /** Stops at the first call that fails for good: a bus that is not there would take the caller's time. */
  async function deliver(entries: readonly EventEntry[]): Promise<Rejected> {
    const batches = batchesOf(entries);
    for (const [at, batch] of batches.entries()) {
      // The client has tried a failed call again by itself.
      const rejected = await put(batch).catch((error) => ({ entries: batch, reason: error }));
      if (rejected.entries.length === 0) continue;
      const rest = batches.slice(at + 1).flat();
      return { entries: [...rejected.entries, ...rest], reason: rejected.reason };
    }
    return DELIVERED;
  }

  return {
    async send(events) {
      const ids = new Map(events.map((event) => [entryOf(event, origin), event.id]));
      const { entries, reason } = await deliver([...ids.keys()]);
      if (entries.length === 0) return;
      if (!undelivered) {
        if (reason instanceof Error) throw reason;
        throw new Error(`event bus ${busName} did not take an event: ${reason}`);
      }
      log.error('events not delivered', { events: entries.length, busName, error: reason });
      for (const entry of entries) await undelivered.keep(ids.get(entry) ?? '', entry);
    },

    async redeliver() {
      const kept = (await undelivered?.oldest(REDELIVERED_AT_ONCE)) ?? [];
      const { entries, reason } = await deliver(kept.map(({ entry }) => entry));
      const left = new Set(entries);
      for (const one of kept) if (!left.has(one.entry)) await undelivered?.forget(one);
      if (kept.length > 0) {
        log.info('events delivered again', { tried: kept.length, left: left.size, error: reason });
      }
      return left.size;
    },
  };
}

interface Rejected {
  readonly entries: readonly EventEntry[];
  readonly reason: unknown;
}

const DELIVERED: Rejected = { entries: [], reason: undefined };

/** What one call may take: so many entries, and so many bytes in all of them. */
function batchesOf(entries: readonly EventEntry[]): EventEntry[][] {
  const batches: EventEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const last = batches.at(-1);
    bytes += size;
    if (last === undefined || last.length === MOST_ENTRIES || bytes > MOST_BYTES) {
      batches.push([entry]);
      bytes = size;
    } else last.push(entry);
  }
  return batches;
}
