import * as z from 'zod';
import type { Alert } from '../../governance/alerts/alert.js';
import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import { approvalNeeded } from '../../governance/keys/alerts/approval-needed.js';
import { keyInUse } from '../../governance/keys/alerts/in-use-alerts.js';
import { keyRevoked, oldKeyKept, rolledBack } from '../../governance/keys/alerts/retirement-end.js';
import { bothRefused, retirementFailed } from '../../governance/keys/alerts/retirement-trouble.js';
import type { Journal } from '../../governance/keys/journal.aws.js';
import {
  deletionNeeded,
  deletionNotCheckable,
  oldKeyDeleted,
  oldKeyInCharge,
} from '../../governance/keys/operator/deletion-alerts.js';
import {
  deletionCheckFailed,
  inChargeRefused,
} from '../../governance/keys/operator/deletion-trouble.js';
import type { RetirementCounts } from '../../governance/keys/outcome-counts.js';
import { ReplacedKeySchema, RetirementSchema } from '../../governance/keys/retirement.js';
import type { Log } from '../../governance/platform/log.js';
import type { RetirementOutcome } from '../../governance/platform/metrics.js';

const checked = z.object({ checkAt: z.iso.datetime(), lastUsedOn: z.iso.date() });
const refused = z.object({ checkAt: z.iso.datetime(), reason: z.string() });
const oldKey = z.enum(['accepted', 'forbidden', 'refused', 'not stored']);
const tried = z.object({ checkAt: z.iso.datetime(), oldKey });
const error = z.object({ Error: z.string() }).optional();

/** What the flow passes: its whole state, and which part of the story to tell. */
const StorySchema = z.object({ executionArn: z.string(), stateMachineArn: z.string() }).and(
  z.discriminatedUnion('story', [
    z.object({ story: z.literal('in-use'), flow: flow({ verdict: checked }) }),
    z.object({ story: z.literal('approval-needed'), flow: flow({ verdict: checked }) }),
    z.object({
      story: z.literal('both-refused'),
      flow: ReplacedKeySchema.extend({ verdict: refused }),
    }),
    z.object({
      story: z.literal('rolled-back'),
      flow: ReplacedKeySchema.extend({ verdict: z.object({ reason: z.string() }) }),
    }),
    z.object({
      story: z.literal('revoked'),
      flow: flow({ confirmation: z.object({ refused: z.boolean() }) }),
    }),
    z.object({ story: z.literal('kept'), flow: flow({}) }),
    z.object({ story: z.literal('failed'), flow: flow({ error }) }),
    // Those of a flow without the Admin API.
    z.object({
      story: z.literal('deletion-needed'),
      flow: flow({ verdict: tried }),
    }),
    z.object({
      story: z.literal('in-charge-refused'),
      flow: flow({ verdict: tried }),
    }),
    z.object({
      story: z.literal('deleted'),
      flow: flow({ verdict: z.object({ witness: z.string() }) }),
    }),
    z.object({
      story: z.literal('not-checkable'),
      flow: flow({ verdict: z.object({ oldKey }) }),
    }),
    z.object({
      story: z.literal('old-key-in-charge'),
      flow: flow({ verdict: z.object({ heldBy: z.string() }) }),
    }),
    z.object({ story: z.literal('deletion-check-failed'), flow: flow({ error }) }),
  ]),
);

/** The parts of a retirement's story that on-call gets told. */
type Told = z.infer<typeof StorySchema>;
export type Story = Told['story'];

/** How a retirement ended, in the stories that end one. */
const ENDS: Readonly<Partial<Record<Story, RetirementOutcome>>> = {
  revoked: 'revoked',
  'rolled-back': 'rolled-back',
  kept: 'kept',
  failed: 'failed',
  deleted: 'revoked',
  'not-checkable': 'not-checked',
  'old-key-in-charge': 'kept',
  'deletion-check-failed': 'failed',
};

function flow<Shape extends z.ZodRawShape>(shape: Shape) {
  return RetirementSchema.and(z.object(shape));
}

export interface NotifyOnCallDeps {
  readonly alerts: AlertTopic;
  readonly journal: Journal;
  readonly log: Log;
  readonly counts: RetirementCounts;
  readonly now: () => Date;
}

/** Task of the retirement flow: tells on-call where a retirement stands, and writes it down. */
export function createNotifyOnCallHandler({ alerts, journal, counts, log, now }: NotifyOnCallDeps) {
  return async (event: unknown): Promise<void> => {
    const story = StorySchema.parse(event);
    const { secretName } = story.flow;
    const alert = alertFor(story, now());
    await alerts.publish(alert);
    // The flow tries again what fails, and would send the alert a second time.
    await journal.record(secretName, alert).catch((error: unknown) => {
      log.error('history not written', { type: alert.type, secret: secretName, error });
    });
    const end = ENDS[story.story];
    if (end) counts.count(end);
  };
}

function alertFor(told: Told, at: Date): Alert {
  const story = { retirement: RetirementSchema.parse(told.flow), at };
  switch (told.story) {
    case 'in-use':
      return keyInUse({ ...story, ...told.flow.verdict });
    case 'approval-needed':
      return approvalNeeded({
        ...story,
        ...told.flow.verdict,
        stateMachineArn: told.stateMachineArn,
      });
    case 'both-refused':
      return bothRefused({ ...story, ...told.flow.verdict, retirement: told.flow });
    case 'rolled-back':
      return rolledBack({ ...story, ...told.flow.verdict, retirement: told.flow });
    case 'revoked':
      return keyRevoked({ ...story, ...told.flow.confirmation });
    case 'kept':
      return oldKeyKept(story);
    case 'failed':
      return retirementFailed({ ...story, ...failureOf(told) });
    case 'deletion-needed':
      return deletionNeeded({ ...story, ...told.flow.verdict });
    case 'in-charge-refused':
      return inChargeRefused({ ...story, ...told.flow.verdict });
    case 'deleted':
      return oldKeyDeleted({ ...story, ...told.flow.verdict });
    case 'not-checkable':
      return deletionNotCheckable({ ...story, ...told.flow.verdict });
    case 'old-key-in-charge':
      return oldKeyInCharge({ ...story, ...told.flow.verdict });
    case 'deletion-check-failed':
      return deletionCheckFailed({ ...story, ...failureOf(told) });
  }
}

type Failed = Extract<Told, { readonly story: 'failed' | 'deletion-check-failed' }>;

function failureOf({ flow, executionArn, stateMachineArn }: Failed) {
  return { errorName: flow.error?.Error ?? 'an unknown verdict', executionArn, stateMachineArn };
}
