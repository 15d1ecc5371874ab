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
