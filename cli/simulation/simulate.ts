import type { Alert } from '../../governance/alerts/alert.js';
import { addDays, type IsoDate, utcDay } from '../../governance/platform/utc-day.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { windowEnd } from '../../governance/quotas/quota-window.js';
import { createQuotaLedger } from './quota-ledger.js';
import { createReplay, type Refused } from './replay-request.js';
import { type BudgetSpend, createSpendTally, type WorkspaceTotal } from './spend-tally.js';
import { CHECK_EVERY_MS, createSpendWatch, type SpendWatch } from './spend-watch.js';
import type { UsageLine } from './usage-file.js';
import type { UsageRecord } from './usage-record.js';

/** Requests that would have been refused for one reason, with the message of the first. */
export interface RefusalCount extends Omit<Refused, 'kind'> {
  count: number;
  readonly firstAt: Date;
  lastAt: Date;
}

export type SimulatedAlert = Pick<Alert, 'at' | 'type' | 'severity' | 'workspace' | 'title'>;

export interface DueRotations {
  readonly secret: string;
  readonly rotateEveryDays: number;
  readonly on: readonly IsoDate[];
}

export interface Simulation {
  readonly period: { readonly from: Date; readonly to: Date } | undefined;
  readonly requests: number;
  readonly refused: number;
  readonly totals: readonly WorkspaceTotal[];
  readonly budgets: readonly BudgetSpend[];
  readonly refusals: readonly RefusalCount[];
  readonly alerts: readonly SimulatedAlert[];
  readonly rotations: readonly DueRotations[];
  /** Lines that could not be replayed, with the problems of the first ones. */
  readonly wrongLines: { readonly count: number; readonly first: readonly string[] };
}

const MAX_PROBLEMS = 20;
/** How late a line may be: programs that write to one log do not keep the order exactly. */
const LATENESS_MS = 3_600_000;

/** Replays requests in order of time, with the code of the gateway and the spend monitor. */
export async function simulate(
  policy: Policy,
  lines: AsyncIterable<UsageLine>,
): Promise<Simulation> {
  let at = new Date(0);
  const ledger = createQuotaLedger(() => at);
  const replay = createReplay(policy, ledger, () => at);
  const tally = createSpendTally(policy);
  const refusals = createRefusals();
  const wrong: { count: number; first: string[] } = { count: 0, first: [] };
  let watch: SpendWatch | undefined;
  let requests = 0;
  let from: Date | undefined;
  let to = at;

  function problem(line: number, what: string): void {
    wrong.count += 1;
    if (wrong.first.length < MAX_PROBLEMS) wrong.first.push(`line ${line}: ${what}`);
  }

  async function handle(record: UsageRecord): Promise<void> {
    at = record.at;
    from = from === undefined || at < from ? at : from;
    watch ??= createSpendWatch(policy, ledger, at);
    if (at > to) {
      to = at;
      watch.checkUntil(at);
    }
    requests += 1;
    if (requests % FORGET_EVERY === 0) ledger.forgetBefore(new Date(to.getTime() - LATENESS_MS));
    const replayed = await replay(record);
    if (replayed.kind === 'sent') {
      tally.sent(replayed.workspace, at, replayed.costNanos, replayed.isCutShort);
    } else {
      if (replayed.workspace !== undefined) tally.refused(replayed.workspace);
      refusals.add(replayed, at);
    }
  }

  for await (const one of lines) {
    if (one.kind === 'wrong') problem(one.line, one.problem);
    else if (one.record.at.getTime() < to.getTime() - LATENESS_MS) {
      const late = one.record.at.toISOString();
      problem(one.line, `${late} is over an hour before an earlier line: sort the file by "at"`);
    } else await handle(one.record);
  }
  // The first check after a window ends reports on that window.
  watch?.checkUntil(new Date(windowEnd('hour', to).getTime() + CHECK_EVERY_MS));

  const found = refusals.all();
  return {
    period: from && { from, to },
    requests,
    refused: found.reduce((sum, { count }) => sum + count, 0),
    totals: tally.totals(),
    budgets: tally.budgets(),
    refusals: found,
    alerts: (watch?.alerts ?? []).map(simulatedAlert),
    rotations: from ? rotationsDue(policy, utcDay(from), utcDay(to)) : [],
    wrongLines: wrong,
  };
}

export function simulatedAlert({ at, type, severity, workspace, title }: Alert): SimulatedAlert {
  return { at, type, severity, workspace, title };
}

/** When each key of the policy would have rotated, if all were new on the first day. */
export function rotationsDue(policy: Policy, first: IsoDate, last: IsoDate): DueRotations[] {
  return plannedKeys(policy).map(({ secretName, key: { rotateEveryDays } }) => {
    const on: IsoDate[] = [];
    let day = addDays(first, rotateEveryDays);
    for (; day <= last; day = addDays(day, rotateEveryDays)) on.push(day);
    return { secret: secretName, rotateEveryDays, on };
  });
}

const FORGET_EVERY = 10_000;

function createRefusals() {
  const byReason = new Map<string, RefusalCount>();
  return {
    add(refusal: Refused, at: Date): void {
      const { code, message, workspace, role } = refusal;
      const key = [code, workspace, role].join(' ');
      const known = byReason.get(key);
      if (known) {
        known.count += 1;
        known.lastAt = at;
      } else {
        byReason.set(key, { code, workspace, role, count: 1, firstAt: at, lastAt: at, message });
      }
    },
    all: () => [...byReason.values()].sort((one, other) => other.count - one.count),
  };
}
