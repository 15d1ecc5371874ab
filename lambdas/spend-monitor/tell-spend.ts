import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import type { Log } from '../../governance/platform/log.js';
import type { RememberedSpend, SpendMemory } from '../../governance/spend/spend-memory.aws.js';
import {
  markTold,
  NOTHING_TOLD,
  type SpendState,
  type Telling,
} from '../../governance/spend/spend-state.js';

export interface TellDeps {
  readonly alerts: AlertTopic;
  readonly memory: Pick<SpendMemory, 'remember'>;
  readonly log: Log;
}

/** What there is to tell and to remember about one workspace. */
export interface News {
  readonly workspace: string;
  readonly before: RememberedSpend | undefined;
  readonly tellings: readonly Telling[];
  readonly state: SpendState;
}

// Longer than the function may run, shorter than the time until the next run.
const CLAIM_MS = 10 * 60_000;

/**
 * Claims the workspace, tells, then remembers. Of two runs at once only one gets the claim, so
 * nothing is told twice; a run that dies in between loses nothing, since its claim ends before the
 * next run. That one may tell a thing again that was out already, which is better than never.
 *
 * @returns how many alerts are out
 */
export async function tellSpend(deps: TellDeps, news: News, now: Date): Promise<number> {
  const { workspace, before, tellings, state } = news;
  if (before?.claimedUntil && before.claimedUntil > now) return 0;
  const known = before?.state ?? NOTHING_TOLD;
  if (tellings.length === 0) {
    if (!isSame(state, known)) await deps.memory.remember(workspace, before, state, now);
    return 0;
  }
  const until = new Date(now.getTime() + CLAIM_MS);
  const claim = await deps.memory.remember(workspace, before, known, now, until);
  if (!claim) {
    deps.log.info('another run tells of this workspace', { workspace });
    return 0;
  }
  const told: Telling[] = [];
  try {
    for (const telling of tellings) {
      await deps.alerts.publish(telling.alert);
      told.push(telling);
    }
  } finally {
    // Also after a failure: what is out is not told again, the rest is by the next run.
    const marks = told.flatMap((telling) => telling.marks);
    await deps.memory.remember(workspace, claim, markTold(state, marks, now), now);
  }
  return told.length;
}

function isSame(one: SpendState, other: SpendState): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
