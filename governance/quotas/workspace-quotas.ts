import { floor, fraction, multiply, parseDecimal, ZERO } from '../platform/fraction.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type { Quota, QuotaWindow } from './quota.js';

const NANOS = fraction(1_000_000_000n);

/** What a workspace may use: requests a minute, and money for each budget that the policy sets. */
export function quotasOf({ mistral }: Pick<Policy, 'mistral'>, workspace: Workspace): Quota[] {
  const { name, requestsPerMinute, quotaShards, budgets } = workspace;
  const isUsd = mistral.currency === 'USD';
  const money: readonly (readonly [QuotaWindow, number | undefined])[] = [
    ['hour', isUsd ? budgets.hourlyUsd : budgets.hourlyEur],
    ['day', isUsd ? budgets.dailyUsd : budgets.dailyEur],
    ['month', isUsd ? budgets.monthlyUsd : budgets.monthlyEur],
  ];
  const scope = `workspace#${name}`;
  // A shard without a single request of its own would be of no use.
  const shards = Math.min(quotaShards, requestsPerMinute);
  return [
    { scope, unit: 'requests', window: 'minute', limit: requestsPerMinute, shards },
    ...money.flatMap(([window, budget]): Quota[] =>
      budget === undefined
        ? []
        : [
            {
              scope,
              unit: isUsd ? 'usd' : 'eur',
              window,
              limit: nanosOf(budget),
              shards: quotaShards,
            },
          ],
    ),
  ];
}

/** What one caller may use of all workspaces together. */
export function dailyTokensOf({ principal, limit }: { principal: string; limit: number }): Quota {
  return { scope: `caller#${principal}`, unit: 'tokens', window: 'day', limit };
}

/** The money alone: what the spend monitor holds spend against. */
export function moneyQuotasOf(policy: Pick<Policy, 'mistral'>, workspace: Workspace): Quota[] {
  return quotasOf(policy, workspace).filter(({ unit }) => unit !== 'requests');
}

/** Whole nano-units, read off the decimal that the policy says and never more than it. */
function nanosOf(budget: number): number {
  return floor(multiply(parseDecimal(budget) ?? ZERO, NANOS));
}
