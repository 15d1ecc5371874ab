import type { AccessGrant, DailyTokens } from '../access/access.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type { ModelPrices } from '../prices/rates.js';
import type {
  Quota,
  QuotaClaim,
  QuotaHolder,
  QuotaRefusal,
  QuotaTooSmall,
  QuotaUnavailable,
  ReserveOutcome,
} from '../quotas/quota.js';
import { borrowedBy, dailyTokensOf, lentBy, quotasOf } from '../quotas/workspace-quotas.js';
import type { Demand } from './demand.js';
import { Hold } from './hold.js';
import type { Tariff } from './tariff.js';
import { NO_RECORD, type UsageRecord } from './usage-record.js';

/** The policy does not allow models without a known price. */
export interface Unpriced {
  readonly kind: 'unpriced';
}

export type HoldOutcome = Hold | QuotaRefusal | QuotaTooSmall | QuotaUnavailable | Unpriced;

export interface Metering {
  /**
   * Answers immediately while leases last. Never fails: an error is `unavailable`.
   *
   * @param lender the workspace whose key sends it, where that is not the caller's
   */
  reserve(demand: Demand, lender?: string): HoldOutcome | Promise<HoldOutcome>;
  /** One request of a workspace that costs nothing. Never fails: an error is `unavailable`. */
  reserveRequest(workspace: string): Promise<ReserveOutcome>;
  /** What a model's requests cost on this day; `undefined` where the policy rejects the model. */
  pricesOf(modelId: string): ModelPrices | undefined;
  /** What a caller's requests count in: the quotas of its workspace, and its own. */
  quotasOf(caller: Pick<AccessGrant, 'workspace' | 'dailyTokens'>): readonly Quota[];
}

/** The policy's quotas and prices, applied to each request. */
export function createMetering(
  policy: Pick<Policy, 'workspaces' | 'mistral'>,
  quotas: Pick<QuotaHolder, 'reserve'>,
  tariff: Tariff,
  record: Pick<UsageRecord, 'settled'> = NO_RECORD,
  nowMs: () => number = Date.now,
): Metering {
  // Created once, since a holder finds its leases by the quota object.
  const byWorkspace = new Map(
    policy.workspaces.map((workspace) => [workspace.name, workspaceQuotas(policy, workspace)]),
  );
  const byCaller = new WeakMap<DailyTokens, Quota>();

  function dailyQuotaOf(dailyTokens: DailyTokens): Quota {
    let quota = byCaller.get(dailyTokens);
    if (!quota) {
      quota = dailyTokensOf(dailyTokens);
      byCaller.set(dailyTokens, quota);
    }
    return quota;
  }

  function claimsOf(demand: Demand, cost: number, lender: string | undefined): QuotaClaim[] {
    const { grant, promptTokens, completionTokens } = demand;
    const claims: QuotaClaim[] = [];
    const home = byWorkspace.get(grant.workspace);
    for (const quota of (lender === undefined ? home?.own : home?.borrowing) ?? []) {
      claims.push({ quota, amount: quota.unit === 'requests' ? 1 : cost });
    }
    if (lender !== undefined) {
      for (const quota of byWorkspace.get(lender)?.lending ?? []) {
        claims.push({ quota, amount: quota.unit === 'requests' ? 1 : cost });
      }
    }
    if (grant.dailyTokens) {
      const quota = dailyQuotaOf(grant.dailyTokens);
      // What is free and generates nothing, such as moderations, is not refused for tokens.
      const isFree = cost === 0 && completionTokens === 0;
      claims.push({ quota, amount: isFree ? 0 : promptTokens + completionTokens });
    }
    return claims;
  }

  function holdOf(
    outcome: ReserveOutcome,
    claims: readonly QuotaClaim[],
    demand: Demand,
    lender: string | undefined,
  ): HoldOutcome {
    if (outcome.kind !== 'reserved') return outcome;
    return new Hold(demand, claims, outcome, tariff, lender, record, nowMs());
  }

  return {
    pricesOf: (modelId) => tariff.pricesOf(modelId),

    quotasOf({ workspace, dailyTokens }) {
      const own = byWorkspace.get(workspace)?.own ?? [];
      return dailyTokens ? [...own, dailyQuotaOf(dailyTokens)] : own;
    },

    async reserveRequest(workspace) {
      try {
        const own = byWorkspace.get(workspace)?.own ?? [];
        const counted = own.filter(({ unit }) => unit === 'requests');
        return await quotas.reserve(counted.map((quota) => ({ quota, amount: 1 })));
      } catch (error) {
        return unavailable(error);
      }
    },

    reserve(demand, lender) {
      try {
        const cost = tariff.bound(demand);
        if (cost === undefined) return { kind: 'unpriced' };
        const claims = claimsOf(demand, cost, lender);
        const outcome = quotas.reserve(claims);
        return 'then' in outcome
          ? outcome.then((one) => holdOf(one, claims, demand, lender)).catch(unavailable)
          : holdOf(outcome, claims, demand, lender);
      } catch (error) {
        return unavailable(error);
      }
    },
  };
}

/** Of one workspace: for its own requests, for those that others send, and for those that it sends for others. */
function workspaceQuotas(policy: Pick<Policy, 'mistral'>, workspace: Workspace) {
  const own = quotasOf(policy, workspace);
  const money = own.filter(({ unit }) => unit !== 'requests');
  return {
    own,
    borrowing: [...money, ...borrowedBy(policy, workspace)],
    lending: [...own, lentBy(policy, workspace)],
  };
}

function unavailable(error: unknown): QuotaUnavailable {
  return { kind: 'unavailable', reason: error instanceof Error ? error.name : 'unknown' };
}
