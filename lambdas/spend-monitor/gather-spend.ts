import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import type { Organization } from '../../governance/mistral/organization.js';
import type { Log } from '../../governance/platform/log.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { addDays, startOfDay, utcDay } from '../../governance/platform/utc-day.js';
import type { Policy, Workspace } from '../../governance/policy/policy.js';
import type { Quota } from '../../governance/quotas/quota.js';
import type { QuotaTotals } from '../../governance/quotas/quota-totals.js';
import { windowName } from '../../governance/quotas/quota-window.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import { type BilledSpend, billedSpend } from '../../governance/spend/billed-spend.js';
import { closedWindows } from '../../governance/spend/closed-windows.js';
import { isReconciliationDue } from '../../governance/spend/judge-reconciliation.js';
import type { SpendState } from '../../governance/spend/spend-state.js';
import {
  type ClosedSpend,
  type DayBefore,
  isFirstOfMonth,
  type MeteredQuota,
  type WorkspaceSpend,
} from '../../governance/spend/workspace-spend.js';

export interface GatherDeps {
  readonly policy: Policy;
  /** `undefined` without the Admin API: spend is what was metered, and nothing reconciles it. */
  readonly organization: Pick<Organization, 'usage'> | undefined;
  readonly quotaTotals: QuotaTotals;
  readonly log: Log;
  readonly now: () => Date;
}

/** What could not be read of one workspace, in words for on-call. */
export interface SpendProblem {
  readonly workspace: string;
  readonly source: 'billed' | 'metered';
  readonly reason: string;
}

export interface GatheredSpend {
  readonly spend: WorkspaceSpend;
  readonly problems: readonly SpendProblem[];
}

const WORKSPACES_AT_ONCE = 4;

// A call to Mistral may take two minutes with its retries, and the function five: where Mistral is
// down, there must be time left to tell what is metered.
const ASK_FOR_MS = 90_000;

/** Reads every workspace's spend; one that cannot be read stops no other. */
export function gatherSpend(
  deps: GatherDeps,
  stateOf: (workspace: string) => SpendState,
  now: Date,
): Promise<GatheredSpend[]> {
  return mapBounded(deps.policy.workspaces, WORKSPACES_AT_ONCE, (workspace) =>
    gatherOne(deps, workspace, stateOf(workspace.name), now),
  );
}

async function gatherOne(
  deps: GatherDeps,
  workspace: Workspace,
  state: SpendState,
  now: Date,
): Promise<GatheredSpend> {
  const problems: SpendProblem[] = [];
  async function attempt<Answer>(
    source: SpendProblem['source'],
    read: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.log.warn('spend could not be read', { workspace: workspace.name, source, error });
      problems.push({ workspace: workspace.name, source, reason });
      return undefined;
    }
  }

  const { policy } = deps;
  const { currency } = policy.mistral;
  const quotas = moneyQuotasOf(policy, workspace);
  const { organization } = deps;
  const bill = async (at: Date) =>
    organization &&
    (await attempt('billed', () => billOf({ ...deps, organization }, workspace, at, now)));
  const meter = (wanted: readonly Quota[], at: Date) =>
    attempt('metered', () => meteredOf(deps, wanted, at, now));

  const [metered, report] = await Promise.all([meter(quotas, now), bill(now)]);
  const present = { ...sumsOf(policy, quotas, metered), ...(report ?? NO_BILL) };
  const closed = await closedSpend(policy, quotas, report, { bill, meter }, now);
  const spend = { workspace, currency, ...present, closed, dayBefore: undefined };
  const wanted = quotas.filter(({ window }) => window === 'day' || window === 'month');
  if (!present.isMetered || wanted.length === 0 || !report || !isReconciliationDue(state, now)) {
    return { spend, problems };
  }

  const yesterday = startOfDay(addDays(utcDay(now), -1));
  const isNewMonth = isFirstOfMonth(now);
  const [day = [], before] = await Promise.all([
    meter(dayBeforeQuotas(wanted, isNewMonth), yesterday),
    isNewMonth ? bill(yesterday) : report,
  ]);
  const dayBefore: DayBefore = {
    meteredNanos: day.find(({ quota }) => quota.window === 'day')?.nanos,
    monthMeteredNanos: day.find(({ quota }) => quota.window === 'month')?.nanos,
    billed: before?.billed,
  };
  return { spend: { ...spend, dayBefore }, problems };
}

interface Sources {
  bill(at: Date): Promise<Bill | undefined>;
  meter(quotas: readonly Quota[], at: Date): Promise<readonly MeteredQuota[] | undefined>;
}

/** What stood in windows that ended since the last look; `report` is that of the present month. */
async function closedSpend(
  policy: Policy,
  quotas: readonly Quota[],
  report: Bill | undefined,
  { bill, meter }: Sources,
  now: Date,
): Promise<ClosedSpend | undefined> {
  const ended = closedWindows(quotas, now);
  if (!ended) return undefined;
  const { at } = ended;
  const isSameMonth = windowName('month', at) === windowName('month', now);
  // Of an hour Mistral says nothing.
  const isBilled = ended.quotas.some(({ window }) => window !== 'hour');
  const [metered, ofItsMonth] = await Promise.all([
    meter(ended.quotas, at),
    isBilled && !isSameMonth ? bill(at) : undefined,
  ]);
  // Told once and for all, so not without knowing what was refused: the next look comes in time.
  if (!metered) return undefined;
  const itsReport = isSameMonth ? report : ofItsMonth;
  return { at, ...sumsOf(policy, ended.quotas, metered), ...(itsReport ?? NO_BILL) };
}

/** Budgets with what was metered of them, where that could be read. */
function sumsOf(
  { gateway }: Policy,
  quotas: readonly Quota[],
  metered: readonly MeteredQuota[] | undefined,
): Pick<WorkspaceSpend, 'budgets' | 'isMetered'> {
  return {
    budgets: metered ?? quotas.map((quota) => ({ quota, nanos: 0 })),
    isMetered: metered !== undefined && (gateway.enabled || metered.some(({ nanos }) => nanos > 0)),
  };
}

/** The day's own counter, or that of the month where it is over. */
function dayBeforeQuotas(quotas: readonly Quota[], isNewMonth: boolean): readonly Quota[] {
  const days = quotas.filter(({ window }) => window === 'day');
  return days.length > 0 || !isNewMonth ? days : quotas;
}

interface Bill {
  readonly usage: MonthlyUsage;
  readonly billed: BilledSpend;
}

const NO_BILL = { usage: undefined, billed: undefined };

async function billOf(
  { organization, policy, now }: GatherDeps & { readonly organization: object },
  { id }: Workspace,
  at: Date,
  startedAt: Date,
): Promise<Bill> {
  if (now().getTime() - startedAt.getTime() > ASK_FOR_MS) {
    throw new Error('Mistral was not asked, since it answered too slowly for other workspaces');
  }
  const usage = await organization.usage({
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    workspaceId: id,
  });
  const { currency } = policy.mistral;
  if ((usage.currency ?? currency) !== currency) {
    throw new Error(`Mistral bills in ${usage.currency}, the policy's budgets are in ${currency}`);
  }
  return { usage, billed: billedSpend(usage) };
}

async function meteredOf(
  { quotaTotals }: GatherDeps,
  quotas: readonly Quota[],
  at: Date,
  now: Date,
): Promise<MeteredQuota[]> {
  if (quotas.length === 0) return [];
  const totals = await quotaTotals.of(quotas, at, now);
  return totals.map(({ quota, settled }) => ({ quota, nanos: settled }));
}
