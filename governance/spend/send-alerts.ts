import type { AlertPublisher } from '../alerts/alert-publisher.aws.js';
import type { Log } from '../platform/log.js';
import { MINUTE_MS } from '../platform/utc-day.js';
import type { RememberedSpend, SpendMemory } from './spend-memory.aws.js';
import { markSent, type PendingAlert, type SpendState, type SpendVerdict } from './spend-state.js';

export interface SendDeps {
  readonly alerts: AlertPublisher;
  readonly memory: Pick<SpendMemory, 'remember'>;
  readonly log: Log;
}

/** What there is to send and to remember about one workspace. */
export interface WorkspaceAlerts extends SpendVerdict {
  readonly workspace: string;
  /** What its memory is kept under: a name may change. */
  readonly id: string;
  readonly before: RememberedSpend | undefined;
  /** What was sent so far, wherever it was remembered. */
  readonly known: SpendState;
}

// Longer than the function may run, shorter than the time until the next run.
const CLAIM_MS = 10 * MINUTE_MS;

/**
 * Claims the workspace, sends, then remembers. Of two runs at once only one gets the claim, so
 * nothing is sent twice; a run that dies in between loses nothing, since its claim ends before the
 * next run. That one may send an alert again that was out already, which is better than never.
 *
 * @returns how many alerts were sent
 */
export async function sendAlerts(
  { alerts, memory, log }: SendDeps,
  { workspace, id, before, known, pending, state }: WorkspaceAlerts,
  now: Date,
): Promise<number> {
  if (before?.claimedUntil && before.claimedUntil > now) return 0;
  if (pending.length === 0) {
    const isSame = JSON.stringify(state) === JSON.stringify(known);
    if (!isSame) await memory.remember(id, before, state, now);
    return 0;
  }
  const until = new Date(now.getTime() + CLAIM_MS);
  const claim = await memory.remember(id, before, known, now, until);
  if (!claim) {
    log.info('another run sends the alerts of this workspace', { workspace });
    return 0;
  }
  const sent: PendingAlert[] = [];
  try {
    for (const one of pending) {
      await alerts.publish(one.alert);
      sent.push(one);
    }
  } finally {
    // Also after a failure: what was sent is not sent again, the rest is by the next run.
    await memory.remember(id, claim, markSent(state, sent, now), now);
  }
  return sent.length;
}
