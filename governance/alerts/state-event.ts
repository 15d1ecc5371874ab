import { head } from '../platform/quoting.js';
import { detailType, EVENT_SOURCE, EVENT_VERSION } from '../policy/event-names.js';
import type { Change } from '../policy/event-schemas.js';
import type { Alert, Severity } from './alert.js';
import { type AlertOrigin, commandAt } from './alert-origin.js';

/** A change of state, for programs. Ids, dates and names only, never a key. */
export interface StateEvent {
  /** The same for each delivery of one event: what is sent twice is known by it. */
  readonly id: string;
  readonly at: Date;
  readonly workspace: string;
  /** As in the alerts that belong to it. */
  readonly threadId: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly change: Change;
}

/** The event that an alert is about, where it is about a change of state. */
export function eventOf(alert: Alert): StateEvent | undefined {
  const { at, workspace, threadId, severity, title, change, changeId } = alert;
  if (change === undefined) return undefined;
  const id = [threadId, change.type, ...(changeId === undefined ? [] : [changeId])].join('/');
  return { id, at, workspace, threadId, severity, summary: title, change };
}

/** What PutEvents takes, without the bus: `Time` as milliseconds, so that an entry can be kept as JSON. */
export interface EventEntry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Resources: readonly string[];
  readonly timeMs: number;
}

/** Of one call of PutEvents, with all of its entries. */
export const MOST_BYTES = 250_000;
const LONGEST_TEXT = 2_000;
const SHORTEST_TEXT = 60;

/** Texts come from others, and are shortened until the entry fits: an entry too large would never be delivered. */
export function entryOf(event: StateEvent, origin: AlertOrigin): EventEntry {
  let entry = entryWith(event, origin, LONGEST_TEXT);
  for (let most = LONGEST_TEXT / 2; sizeOf(entry) > MOST_BYTES && most > SHORTEST_TEXT; most /= 2) {
    entry = entryWith(event, origin, most);
  }
  return entry;
}

function entryWith(event: StateEvent, origin: AlertOrigin, longest: number): EventEntry {
  const { id, at, workspace, threadId, severity, summary, change } = event;
  const { type, ...fields } = change;
  const detail = {
    version: EVENT_VERSION,
    id,
    type,
    at: at.toISOString(),
    workspace,
    threadId,
    severity,
    summary,
    origin,
    ...fields,
  };
  return {
    Source: EVENT_SOURCE,
    DetailType: detailType(type),
    Detail: JSON.stringify(detail, (name, value) => {
      if (typeof value !== 'string') return value;
      return head(name === 'nextCommand' ? commandAt(value, origin) : value, longest);
    }),
    Resources: 'secretArn' in change ? [change.secretArn] : [],
    timeMs: at.getTime(),
  };
}

/** As EventBridge counts it. */
export function sizeOf({ Source, DetailType, Detail, Resources }: EventEntry): number {
  const TIME_BYTES = 14;
  return TIME_BYTES + Buffer.byteLength([Source, DetailType, Detail, ...Resources].join(''));
}
