import { floor, fraction, multiply, parseDecimal, ZERO } from '../platform/fraction.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type { Quota, QuotaWindow } from './quota.js';

const NANOS = fraction(1_000_000_000n);

/** What a workspace may use: requests per minute, and money for each budget in the policy. */
export function quotasOf({ mistral }: Pick<Policy, 'mistral'>, workspace: Workspace): Quota[] {
  const { name, id, requestsPerMinute, quotaShards, budgets } = workspace;
  const isUsd = mistral.currency === 'USD';
  const of = { scope: `workspace#${name}`, countedAs: `workspace#${id}` };
  const unit = isUsd ? 'usd' : 'eur';
  const money: readonly (readonly [QuotaWindow, number | undefined])[] = [
    ['hour', isUsd ? budgets.hourlyUsd : budgets.hourlyEur],
    ['day', isUsd ? budgets.dailyUsd : budgets.dailyEur],
    ['month', isUsd ? budgets.monthlyUsd : budgets.monthlyEur],
  ];
  // A shard without a single request of its own would be useless.
  const shards = Math.min(quotaShards, requestsPerMinute);
  const quotas: Quota[] = [
    { ...of, unit: 'requests', window: 'minute', limit: requestsPerMinute, shards },
  ];
  for (const [window, budget] of money) {
    if (budget === undefined) continue;
    quotas.push({ ...of, unit, window, limit: nanosOf(budget), shards: quotaShards });
  }
  return quotas;
}

/** More than can be spent, and still a number that adds up exactly. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** What other workspaces spend with a workspace's key in a day, which its policy may bound. */
export function lentBy({ mistral }: Pick<Policy, 'mistral'>, workspace: Workspace): Quota {
  const { id, lends, quotaShards } = workspace;
  const isUsd = mistral.currency === 'USD';
  const bound = isUsd ? lends.dailyUsd : lends.dailyEur;
  return {
    scope: `${LENT}${id}`,
    unit: isUsd ? 'usd' : 'eur',
    window: 'day',
    limit: bound === undefined ? UNLIMITED : nanosOf(bound),
    shards: quotaShards,
  };
}

/**
 * What a workspace spends with the keys of others, in the days and months that it has budgets for:
 * these count it, and Mistral bills it to the others.
 */
export function borrowedBy(policy: Pick<Policy, 'mistral'>, workspace: Workspace): Quota[] {
  return moneyQuotasOf(policy, workspace)
    .filter(({ window }) => window !== 'hour')
    .map(({ unit, window, shards }) => ({
      scope: `borrowed#${workspace.id}`,
      unit,
      window,
      limit: UNLIMITED,
      ...(shards !== undefined && { shards }),
    }));
}

export function isLent({ scope }: Quota): boolean {
  return scope.startsWith(LENT);
}

export function isBounded({ limit }: Quota): boolean {
  return limit < UNLIMITED;
}

const LENT = 'lent#';

/** A caller with a limit of its own. */
interface LimitedCaller {
  readonly principal: string;
  /** Of the one workspace that the policy gives the caller. */
  readonly workspaceId: string;
  readonly limit: number;
}

/** What one caller may use in all workspaces together; only those who meter its own one may count it. */
export function dailyTokensOf({ principal, workspaceId, limit }: LimitedCaller): Quota {
  const countedAs = `${callersOf(workspaceId)}${principal}`;
  return { scope: `caller#${principal}`, countedAs, unit: 'tokens', window: 'day', limit };
}

/** What the counters of a workspace's callers begin with. */
export function callersOf(workspaceId: string): string {
  return `caller#${workspaceId}#`;
}

/** The money quotas: the spend monitor compares spend with them. */
export function moneyQuotasOf(policy: Pick<Policy, 'mistral'>, workspace: Workspace): Quota[] {
  return quotasOf(policy, workspace).filter(({ unit }) => unit !== 'requests');
}

/** Whole nano-units, rounded down from the policy's decimal. */
function nanosOf(budget: number): number {
  return floor(multiply(parseDecimal(budget) ?? ZERO, NANOS));
}
