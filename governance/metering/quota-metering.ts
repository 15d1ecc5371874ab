import type { Policy } from '../policy/policy.js';
import type { Quota, QuotaClaim, QuotaHolder, Reservation } from '../quotas/quota.js';
import { dailyTokensOf, quotasOf } from '../quotas/workspace-quotas.js';
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

/** Quotas of the policy and prices, as what the gateway asks for each request. */
export function createQuotaMetering(
  policy: Pick<Policy, 'workspaces' | 'mistral'>,
  quotas: Pick<QuotaHolder, 'reserve'>,
  tariff: Tariff,
): Metering {
  // Made once: a holder knows a quota by the object.
  const byWorkspace = new Map(
    policy.workspaces.map((workspace) => [workspace.name, quotasOf(policy, workspace)]),
  );

  return {
    reserve(demand) {
      const cost = tariff.bound(demand);
      if (cost === undefined) return { kind: 'unpriced' };
      const claims = claimsOf(demand, cost, byWorkspace.get(demand.grant.workspace) ?? []);
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

function claimsOf(
  { grant, promptTokens, completionTokens }: Demand,
  cost: number,
  quotas: readonly Quota[],
): QuotaClaim[] {
  const claims: QuotaClaim[] = [];
  for (const quota of quotas) {
    claims.push({ quota, amount: quota.unit === 'requests' ? 1 : cost });
  }
  const { dailyTokens } = grant;
  if (dailyTokens) {
    claims.push({ quota: dailyTokensOf(dailyTokens), amount: promptTokens + completionTokens });
  }
  return claims;
}
