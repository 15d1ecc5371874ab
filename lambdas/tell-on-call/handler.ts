import * as z from 'zod';
import type { AlertTopic } from '../adapters/alert-topic.js';
import type { Journal } from '../adapters/journal.js';
import type { Log } from '../adapters/log.js';
import type { RetirementCounts } from '../adapters/outcome-counts.js';
import type { Alert } from '../domain/alert.js';
import { approvalNeeded } from '../domain/alerts/approval-needed.js';
import { keyInUse } from '../domain/alerts/key-in-use.js';
import { keyRevoked, oldKeyKept, rolledBack } from '../domain/alerts/retirement-end.js';
import { bothRefused, retirementFailed } from '../domain/alerts/retirement-trouble.js';
import { RETIREMENT_OUTCOMES } from '../domain/metrics.js';
import { ReplacedKeySchema, RetirementSchema } from '../domain/retirement.js';

const checked = z.object({ checkAt: z.iso.datetime(), lastUsedOn: z.iso.date() });
const refused = z.object({ checkAt: z.iso.datetime(), reason: z.string() });

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
    z.object({
      story: z.literal('failed'),
      flow: flow({ error: z.object({ Error: z.string() }).optional() }),
    }),
  ]),
);

/** The parts of a retirement's story that on-call gets told. */
export type Story = z.infer<typeof StorySchema>['story'];

function flow<Shape extends z.ZodRawShape>(shape: Shape) {
  return RetirementSchema.and(z.object(shape));
}

export interface TellOnCallDeps {
  readonly alerts: AlertTopic;
  readonly journal: Journal;
  readonly log: Log;
  readonly counts: RetirementCounts;
  readonly now: () => Date;
}

/** Task of the retirement flow: tells on-call where a retirement stands, and writes it down. */
export function createTellOnCallHandler({ alerts, journal, counts, log, now }: TellOnCallDeps) {
  return async (event: unknown): Promise<void> => {
    const story = StorySchema.parse(event);
    const { secretName } = story.flow;
    const alert = alertFor(story, now());
    await alerts.publish(alert);
    // The flow tries again what fails, and would send the alert a second time.
    await journal.record(secretName, alert).catch((error: unknown) => {
      log.error('history not written', { type: alert.type, secret: secretName, error });
    });
    const end = RETIREMENT_OUTCOMES.find((outcome) => outcome === story.story);
    if (end) counts.count(end);
  };
}

function alertFor(told: z.infer<typeof StorySchema>, at: Date): Alert {
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
      return retirementFailed({
        ...story,
        errorName: told.flow.error?.Error ?? 'an unknown verdict',
        executionArn: told.executionArn,
        stateMachineArn: told.stateMachineArn,
      });
  }
}
