import * as z from 'zod';
import type { Alert } from '../alerts/alert.js';
import { isObject } from '../platform/json.js';
import type { RetirementOutcome } from '../platform/metrics.js';
import { NOTIFY_STATES, type RetirementEvent } from '../policy/notify-states.js';
import { plannedKeyOf } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { approvalNeeded, keyInUse } from './alerts/in-use-alerts.js';
import { notRefreshed } from './alerts/refresh-alert.js';
import type { RetirementContext } from './alerts/retirement-alert.js';
import {
  bothKeysRejected,
  keyKept,
  keyRevoked,
  retirementFailed,
  rolledBack,
} from './alerts/retirement-end.js';
import {
  currentKeyRejected,
  deletionNeeded,
  deletionNotVerified,
  keyDeleted,
} from './operator/deletion-alerts.js';
import { consumersOf, RefreshSchema } from './refresh.js';
import { LEFTOVER_KEYS, RetirementSchema } from './retirement.js';
import { NotifiedSchema } from './retirement-reminder.js';
import type { EnteredState } from './retirements.aws.js';

const checkAt = z.iso.datetime();
const newKeyId = z.string();
const oldKey = z.enum(['accepted', 'forbidden', 'rejected', 'not stored']);
const notified = NotifiedSchema.optional();
const InUseSchema = z.object({
  verdict: z.object({ checkAt, lastUsedOn: z.iso.date(), notified }),
});
const RejectedSchema = z.object({ reason: z.string(), rejectedSince: z.iso.datetime() });
const unfinished = z.string().optional();
const newKey = z.enum(LEFTOVER_KEYS).default('deleted'); // a rollback before it was known
const currentVersion = z.string().optional();
const CheckedAgainSchema = z.object({
  verdict: z.object({ checkAt, oldKey, currentVersion, notified }),
});
const KeptSchema = z.object({ verdict: z.object({ heldBy: z.string().optional(), unfinished }) });

/**
 * All that on-call hears of a retirement: the event that the flow names, what the flow has found by
 * then, the alert that it becomes, and how the retirement is counted where the event ends it.
 */
const EVENTS = {
  'not-refreshed': event(z.object({ refresh: RefreshSchema.optional() }), notRefreshed),
  'key-in-use': event(InUseSchema, keyInUse),
  'approval-needed': event(InUseSchema, approvalNeeded),
  'both-keys-rejected': event(
    z.object({ newKeyId, verdict: RejectedSchema.extend({ checkAt, unfinished }) }),
    bothKeysRejected,
  ),
  'rolled-back': event(
    z.object({ newKeyId, verdict: RejectedSchema, rollBack: z.object({ newKey, unfinished }) }),
    rolledBack,
    'rolled-back',
  ),
  revoked: event(
    z.object({
      confirmation: z.object({ rejected: z.boolean(), checkedAt: z.iso.datetime().optional() }),
    }),
    keyRevoked,
    'revoked',
  ),
  kept: event(KeptSchema, keyKept, 'kept'),
  failed: event(
    z.object({ error: z.object({ Error: z.string() }).optional() }),
    retirementFailed,
    'failed',
  ),

  // In operator mode alone.
  'deletion-needed': event(CheckedAgainSchema, deletionNeeded),
  'current-key-rejected': event(CheckedAgainSchema, currentKeyRejected),
  deleted: event(z.object({ verdict: z.object({ witness: z.string() }) }), keyDeleted, 'revoked'),
  'not-verified': event(
    z.object({ verdict: z.object({ oldKey }) }),
    deletionNotVerified,
    'not-verified',
  ),
} satisfies Readonly<Record<RetirementEvent, EventKind>>;

/** What the state machine passes: the event, and its whole state. */
const NoticeSchema = z.object({
  event: z.custom<RetirementEvent>(
    (name) => typeof name === 'string' && Object.hasOwn(EVENTS, name),
    'is not an event of a retirement',
  ),
  flow: z.looseObject({ secretName: z.string() }),
  executionArn: z.string(),
  stateMachineArn: z.string(),
});

export interface RetirementNotice {
  readonly executionArn: string;
  /** Whether it is what this state of the execution notifies of: else the flow has not sent it. */
  isOf(state: EnteredState | undefined): boolean;
  readonly secretName: string;
  readonly alert: Alert;
  /** How the retirement ended; `undefined` while it goes on. */
  readonly outcome: RetirementOutcome | undefined;
}

/** @throws ZodError for an event that the flow never names, or a state that it cannot be in then */
export function readNotice(input: unknown, at: Date, policy: Policy): RetirementNotice {
  const { event: name, flow, ...arns } = NoticeSchema.parse(input);
  const { alertOf, outcome }: EventKind = EVENTS[name];
  const { executionArn, stateMachineArn } = arns;
  const { secretName } = flow;
  const planned = plannedKeyOf(policy, secretName);
  const executions = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:`;
  return {
    executionArn,
    isOf: (state) =>
      executionArn.startsWith(executions) &&
      state?.name === NOTIFY_STATES[name] &&
      isSame(state.input, flow),
    secretName,
    alert: alertOf(flow, {
      at,
      readers: planned?.key.readers,
      consumers: consumersOf(planned?.key.refresh ?? []),
      ...arns,
    }),
    outcome,
  };
}

/** Of values of JSON, in any order of their fields. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return (
    Array.isArray(one) === Array.isArray(other) &&
    names.length === Object.keys(other).length &&
    names.every((field) => Object.hasOwn(other, field) && isSame(one[field], other[field]))
  );
}

interface EventKind {
  readonly alertOf: (flow: unknown, now: Omit<RetirementContext, 'retirement'>) => Alert;
  readonly outcome: RetirementOutcome | undefined;
}

function event<Found extends object>(
  found: z.ZodType<Found>,
  alert: (context: RetirementContext & Found) => Alert,
  outcome?: RetirementOutcome,
): EventKind {
  return {
    outcome,
    alertOf: (flow, now) =>
      alert({ ...now, retirement: RetirementSchema.parse(flow), ...found.parse(flow) }),
  };
}
