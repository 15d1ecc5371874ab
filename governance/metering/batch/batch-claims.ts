import { isMoney, type Quota, type QuotaClaim } from '../../quotas/quota.js';

/**
 * What a job reserves of its caller's quotas: money of the days and months, tokens of the day. Of the hours
 * only where there is no longer budget: Mistral chooses when it runs, and its lines are no requests a minute.
 */
export function claimsOfJob(
  quotas: readonly Quota[],
  { cost, tokens }: { readonly cost: number; readonly tokens: number },
): QuotaClaim[] {
  const money = quotas.filter(isMoney);
  const longer = money.filter(({ window }) => window === 'day' || window === 'month');
  return [
    ...(longer.length > 0 ? longer : money).map((quota) => ({ quota, amount: cost })),
    ...quotas.filter(({ unit }) => unit === 'tokens').map((quota) => ({ quota, amount: tokens })),
  ];
}
