import type { Policy, Workspace } from '../domain/policy.js';
import type { Quota, QuotaClaim, QuotaHolder, QuotaWindow, Reservation } from '../domain/quota.js';
import type { Demand, Hold, Metering, Used } from './metering.js';
import type { Usage } from './usage-scanner.js';

export interface Charge {
  /** In nano-units of the policy's currency. */
  readonly cost: number;
  readonly tokens: number;
}

/** What requests cost. */
export interface Tariff {
  /** What a request costs at most, in nano-units; `undefined` where the policy refuses the model. */
  bound(demand: Demand): number | undefined;
  /** What Mistral's usage comes to; `undefined` where it makes no sense. */
  charge(demand: Demand, usage: Usage): Charge | undefined;
}

const NANO = 1e9;

/** Quotas of the policy and prices, as what the gateway asks for each request. */
export function createQuotaMetering(
  policy: Pick<Policy, 'workspaces' | 'mistral'>,
  quotas: Pick<QuotaHolder, 'reserve'>,
  tariff: Tariff,
): Metering {
  // Made once: a holder knows a quota by the object.
  const byWorkspace = new Map(policy.workspaces.map((one) => [one.name, quotasOf(one)]));

  return {
    reserve(demand) {
      const cost = tariff.bound(demand);
      if (cost === undefined) return { kind: 'unpriced' };
      const { requests, money } = byWorkspace.get(demand.grant.workspace) ?? NO_QUOTAS;
      const claims = claimsOf(demand, cost, requests, money);
      const outcome = quotas.reserve(claims);
      if ('then' in outcome) {
        return outcome.then((one) =>
          one.kind === 'reserved' ? new QuotaHold(one, claims, demand, tariff) : one,
        );
      }
      return outcome.kind === 'reserved' ? new QuotaHold(outcome, claims, demand, tariff) : outcome;
    },
  };
}

class QuotaHold implements Hold {
  readonly kind = 'reserved';

  constructor(
    private readonly reservation: Reservation,
    private readonly claims: readonly QuotaClaim[],
    private readonly demand: Demand,
    private readonly tariff: Tariff,
  ) {}

  settle(used: Used): void {
    const charge = this.#charge(used);
    this.reservation.settle(
      this.claims.map(({ quota, amount }) => {
        if (quota.unit === 'requests') return 1;
        if (!charge) return amount;
        return quota.unit === 'tokens' ? charge.tokens : charge.cost;
      }),
    );
  }

  release(): void {
    this.reservation.release();
  }

  /** `undefined` where nothing better is known than what was reserved. */
  #charge(used: Used): Charge | undefined {
    if (used.kind === 'nothing') return { cost: 0, tokens: 0 };
    if (used.kind === 'measured') return this.tariff.charge(this.demand, used.usage);
    const cost = this.tariff.bound({ ...this.demand, ...used });
    return cost === undefined
      ? undefined
      : { cost, tokens: used.promptTokens + used.completionTokens };
  }
}

interface WorkspaceQuotas {
  readonly requests: Quota | undefined;
  readonly money: readonly Quota[];
}

const NO_QUOTAS: WorkspaceQuotas = { requests: undefined, money: [] };

function claimsOf(
  { grant, promptTokens, completionTokens }: Demand,
  cost: number,
  requests: Quota | undefined,
  money: readonly Quota[],
): QuotaClaim[] {
  const claims: QuotaClaim[] = [];
  if (requests) claims.push({ quota: requests, amount: 1 });
  for (const quota of money) claims.push({ quota, amount: cost });
  const { dailyTokens } = grant;
  if (dailyTokens) claims.push({ quota: dailyTokens, amount: promptTokens + completionTokens });
  return claims;
}

function quotasOf({ name, requestsPerMinute, budgets, quotaShards }: Workspace): WorkspaceQuotas {
  const scope = `workspace#${name}`;
  const common = { scope, shards: quotaShards };
  const money = (
    [
      ['usd', 'hour', budgets.hourlyUsd],
      ['usd', 'day', budgets.dailyUsd],
      ['usd', 'month', budgets.monthlyUsd],
      ['eur', 'hour', budgets.hourlyEur],
      ['eur', 'day', budgets.dailyEur],
      ['eur', 'month', budgets.monthlyEur],
    ] satisfies [Quota['unit'], QuotaWindow, number | undefined][]
  ).flatMap(([unit, window, budget]) =>
    budget === undefined ? [] : [{ ...common, unit, window, limit: Math.round(budget * NANO) }],
  );
  const requests: Quota = {
    ...common,
    unit: 'requests',
    window: 'minute',
    limit: requestsPerMinute,
  };
  return { requests, money };
}
