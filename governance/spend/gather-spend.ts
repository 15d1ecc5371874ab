import type { Organization } from '../mistral/organization.js';
import { createFailures, type Failures, failureText } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import { mapBounded } from '../platform/map-bounded.js';
import { addDays, startOfDay, utcDay } from '../platform/utc-day.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type { Quota } from '../quotas/quota.js';
import type { QuotaTotals } from '../quotas/quota-totals.js';
import { windowName } from '../quotas/quota-window.js';
import { borrowedBy, lentBy, moneyQuotasOf } from '../quotas/workspace-quotas.js';
import { type BilledSpend, billedSpend } from './billed-spend.js';
import { type ClosedWindows, closedWindows } from './closed-windows.js';
import { isReconciliationDue } from './reconciliation.js';
import type { SpendState } from './spend-state.js';
import {
  type ClosedSpend,
  type DayBefore,
  isFirstOfMonth,
  type LentSpend,
  type MeteredQuota,
  meteredOwn,
  type SpendFigures,
  type WorkspaceSpend,
} from './workspace-spend.js';

export interface SpendSources {
  readonly policy: Policy;
  /** `undefined` without the Admin API: spend is what was metered, and nothing reconciles it. */
  readonly organization: Pick<Organization, 'usage'> | undefined;
  readonly quotaTotals: QuotaTotals;
  readonly log: Log;
  readonly now: () => Date;
}

export interface GatheredSpend {
  readonly spend: readonly WorkspaceSpend[];
  /** Workspaces whose report Mistral did not give, each with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
  /** All that could not be read, for people. */
  readonly problems: readonly string[];
}

const WORKSPACES_AT_ONCE = 4;

// A call to Mistral may take two minutes with its retries, and the function five: where Mistral is
// down, there must be time left to report what is metered.
const ASK_FOR_MS = 90_000;

const NOT_BILLED = "Mistral's usage report could not be read";
const NOT_METERED = 'metered spend could not be read';

/** Reads every workspace's spend; one that cannot be read stops no other. */
export async function gatherSpend(
  sources: SpendSources,
  stateOf: (workspace: Pick<Workspace, 'id' | 'name'>) => SpendState,
  now: Date,
): Promise<GatheredSpend> {
  const { policy, log } = sources;
  const failures = createFailures(log, 'warn');
  const spend = await mapBounded(policy.workspaces, WORKSPACES_AT_ONCE, (workspace) => {
    const reader = readerOf(sources, workspace, failures, now);
    return gatherOne(policy, workspace, reader, stateOf(workspace), now);
  });
  const unreadable = failures.list.filter(({ what }) => what === NOT_BILLED);
  return {
    spend,
    unreadable: new Map(unreadable.map(({ subject, reason }) => [subject, reason])),
    problems: failures.list.map(failureText),
  };
}

async function gatherOne(
  policy: Policy,
  workspace: Workspace,
  reader: SpendReader,
  state: SpendState,
  now: Date,
): Promise<WorkspaceSpend> {
  const quotas = moneyQuotasOf(policy, workspace);
  const [metered, lent, billed] = await Promise.all([
    reader.metered(quotas, now),
    reader.lent(now),
    reader.billed(now),
  ]);
  const figures = figuresOf(policy, quotas, metered, billed);
  const isDue = figures.isMetered && billed && isReconciliationDue(state, now);
  return {
    workspace,
    currency: policy.mistral.currency,
    ...figures,
    lent,
    closed: await closedSpend(policy, closedWindows(quotas, state, now), reader),
    dayBefore: isDue ? await dayBefore(quotas, reader, now) : undefined,
  };
}

/** Budgets with what was metered of them, where that could be read. */
function figuresOf(
  { gateway }: Policy,
  quotas: readonly Quota[],
  metered: readonly MeteredQuota[] | undefined,
  billed: BilledSpend | undefined,
): SpendFigures {
  return {
    budgets: metered ?? quotas.map((quota) => ({ quota, settled: 0 })),
    isMetered:
      metered !== undefined && (gateway.enabled || metered.some(({ settled }) => settled > 0)),
    billed,
  };
}

/** What stands in windows that ended and may still grow. */
async function closedSpend(
  policy: Policy,
  ended: readonly ClosedWindows[],
  reader: SpendReader,
): Promise<ClosedSpend[]> {
  const closed = ended.map(async ({ at, quotas }): Promise<ClosedSpend[]> => {
    // Mistral does not report hours.
    const isBilled = quotas.some(({ window }) => window !== 'hour');
    const [metered, billed] = await Promise.all([
      reader.metered(quotas, at),
      isBilled ? reader.billed(at) : undefined,
    ]);
    // Reported once, so not without knowing what was rejected: the next run comes in time.
    return metered ? [{ at, ...figuresOf(policy, quotas, metered, billed) }] : [];
  });
  return (await Promise.all(closed)).flat();
}

/** The day's own counter, or that of its month where that is over. */
async function dayBefore(
  quotas: readonly Quota[],
  reader: SpendReader,
  now: Date,
): Promise<DayBefore | undefined> {
  const days = quotas.filter(({ window }) => window === 'day');
  const months = quotas.filter(({ window }) => window === 'month');
  if (days.length + months.length === 0) return undefined;
  const isNewMonth = isFirstOfMonth(now);
  const yesterday = startOfDay(addDays(utcDay(now), -1));
  const [metered = [], billedBefore] = await Promise.all([
    reader.metered(days.length > 0 || !isNewMonth ? days : months, yesterday),
    reader.billed(yesterday),
  ]);
  const nanosOf = (window: Quota['window']) => {
    const own = metered.find(({ quota }) => quota.window === window);
    return own && meteredOwn(own);
  };
  return {
    meteredNanos: nanosOf('day'),
    monthMeteredNanos: nanosOf('month'),
    billed: billedBefore,
  };
}

/** Reads one workspace's spend; `undefined` where that failed, which is noted. */
interface SpendReader {
  /** Mistral's report of the month around an instant, which is asked for once. */
  billed(at: Date): Promise<BilledSpend | undefined>;
  /** What was metered in the windows around an instant. */
  metered(quotas: readonly Quota[], at: Date): Promise<readonly MeteredQuota[] | undefined>;
  /** What other workspaces spent with its key in the day around an instant. */
  lent(at: Date): Promise<LentSpend | undefined>;
}

function readerOf(
  { policy, organization, quotaTotals, now }: SpendSources,
  workspace: Workspace,
  failures: Failures,
  startedAt: Date,
): SpendReader {
  const { id, name } = workspace;
  const { currency } = policy.mistral;
  const borrowing = workspace.overflowTo.length > 0 ? borrowedBy(policy, workspace) : [];
  const borrowers = policy.workspaces
    .filter(({ overflowTo }) => overflowTo.includes(name))
    .map((borrower) => borrower.name);
  const totals = (quotas: readonly Quota[], at: Date) =>
    failures.attempt(NOT_METERED, name, () => quotaTotals.of(quotas, at, startedAt));
  const reports = new Map<string, Promise<BilledSpend | undefined>>();
  return {
    billed(at) {
      const month = windowName('month', at);
      const report = reports.get(month) ?? reportOf(at);
      reports.set(month, report);
      return report;
    },

    async metered(quotas, at) {
      const windows = new Set(quotas.map(({ window }) => window));
      const borrowed = borrowing.filter(({ window }) => windows.has(window));
      const read = await totals([...quotas, ...borrowed], at);
      const settledOf = (window: Quota['window']) =>
        read?.slice(quotas.length).find(({ quota }) => quota.window === window)?.settled ?? 0;
      return read?.slice(0, quotas.length).map((total) => {
        return { ...total, borrowed: settledOf(total.quota.window) };
      });
    },

    async lent(at) {
      if (borrowers.length === 0) return undefined;
      const [total] = (await totals([lentBy(policy, workspace)], at)) ?? [];
      return total && { ...total, borrowers };
    },
  };

  async function reportOf(at: Date): Promise<BilledSpend | undefined> {
    if (!organization) return undefined;
    return await failures.attempt(NOT_BILLED, name, async () => {
      if (now().getTime() - startedAt.getTime() > ASK_FOR_MS) {
        throw new Error('Mistral was not asked, since it answered too slowly before');
      }
      const usage = await organization.usage({
        year: at.getUTCFullYear(),
        month: at.getUTCMonth() + 1,
        workspaceId: id,
      });
      if ((usage.currency ?? currency) !== currency) {
        throw new Error(
          `Mistral bills in ${usage.currency}, the policy's budgets are in ${currency}`,
        );
      }
      return billedSpend(usage);
    });
  }
}
