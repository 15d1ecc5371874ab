import type { AccessGrant, DailyTokens } from '../access/access.js';
import type { Policy, Workspace } from '../policy/policy.js';
import type {
  Quota,
  QuotaClaim,
  QuotaHolder,
  QuotaRefusal,
  QuotaTooSmall,
  QuotaUnavailable,
  Reservation,
  ReserveOutcome,
} from '../quotas/quota.js';
import { borrowedBy, dailyTokensOf, lentBy, quotasOf } from '../quotas/workspace-quotas.js';
import type { MeteredAnswer } from './answer-meter.js';
import type { Demand } from './demand.js';
import type { Charge, Tariff } from './tariff.js';
import type { ReportedUsage } from './usage-scanner.js';

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
  /** What a caller's requests count in: the quotas of its workspace, and its own. */
  quotasOf(caller: Pick<AccessGrant, 'workspace' | 'dailyTokens'>): readonly Quota[];
}

/** The policy's quotas and prices, applied to each request. */
export function createMetering(
  policy: Pick<Policy, 'workspaces' | 'mistral'>,
  quotas: Pick<QuotaHolder, 'reserve'>,
  tariff: Tariff,
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

  return {
    quotasOf({ workspace, dailyTokens }) {
      const own = byWorkspace.get(workspace)?.own ?? [];
      return dailyTokens ? [...own, dailyQuotaOf(dailyTokens)] : own;
    },

    reserve(demand, lender) {
      try {
        const cost = tariff.bound(demand);
        if (cost === undefined) return { kind: 'unpriced' };
        const claims = claimsOf(demand, cost, lender);
        const outcome = quotas.reserve(claims);
        return 'then' in outcome
          ? outcome.then((one) => holdOf(one, claims, demand, tariff, lender)).catch(unavailable)
          : holdOf(outcome, claims, demand, tariff, lender);
      } catch (error) {
        return unavailable(error);
      }
    },
  };
}

function holdOf(
  outcome: ReserveOutcome,
  claims: readonly QuotaClaim[],
  demand: Demand,
  tariff: Tariff,
  lender: string | undefined,
): HoldOutcome {
  return outcome.kind === 'reserved' ? new Hold(demand, claims, outcome, tariff, lender) : outcome;
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

/**
 * What one request has reserved, and how each of its possible ends is settled. Only the first end
 * counts.
 */
export class Hold {
  readonly kind = 'reserved';
  /** Called once, after the request is settled or released. */
  onEnd: (() => void) | undefined;
  #isOpen = true;
  /** Calls that Mistral answered with its rate limit. */
  #limitedCalls = 0;
  #settledCost = 0;

  constructor(
    readonly demand: Demand,
    private readonly claims: readonly QuotaClaim[],
    private readonly reservation: Reservation,
    private readonly tariff: Tariff,
    /** The workspace whose key sends it, where that is not the caller's. */
    readonly lender: string | undefined = undefined,
  ) {}

  /** Whose key sends it. */
  get sender(): string {
    return this.lender ?? this.demand.grant.workspace;
  }

  /** What was settled, in nano-units; nothing before, or where it was released. */
  get settledCost(): number {
    return this.#settledCost;
  }

  /** Neither settled nor released. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The whole answer was delivered. Without usable usage, the upper bound counts as used. */
  delivered(usage: ReportedUsage | undefined): void {
    this.#settle(usage && this.tariff.charge(this.demand, usage));
  }

  /** The answer is at its end. Some are an error, which is free unless usage or text came before. */
  ended(answer: MeteredAnswer | undefined): void {
    if (!answer?.hasFailed || answer.usage) this.delivered(answer?.usage);
    else if (answer.deliveredTokens === 0) this.#settle(FREE);
    else this.#settle(this.#partialCharge(this.#delivered(answer)));
  }

  /**
   * The answer was cut here, or did not begin although Mistral may have received the request. Of a
   * stream the prompt counts, what was delivered, and what may have been on its way; anything else is
   * generated whole. All at their upper bounds: no end is cheaper than the usage.
   */
  endedEarly(answer?: MeteredAnswer): void {
    const generated = answer?.generated ?? (this.demand.streamed ? 'as delivered' : 'all');
    if (answer?.usage || answer?.hasFailed) this.ended(answer);
    else if (generated === 'all') this.delivered(undefined);
    else this.#settle(this.#partialCharge(this.#delivered(answer) + this.#unseen));
  }

  /** The connection broke: what was generated may be more than what arrived, also of a stream. */
  brokeOff(answer?: MeteredAnswer): void {
    const { usage, hasFailed = false, deliveredTokens = 0, events = 0 } = answer ?? {};
    this.endedEarly({ usage, hasFailed, deliveredTokens, events, generated: 'all' });
  }

  /** Mistral answered with an error, which it does not charge for but counts as a request. */
  failed(status: number): void {
    if (LOST_BY_PROXY.has(status)) this.endedEarly();
    else this.#settle(FREE);
  }

  /** A call met Mistral's rate limit: it is free, and a request, also where the next one succeeds. */
  limited(): void {
    this.#limitedCalls += 1;
  }

  /** As if the request had never been made, but for calls at the rate limit. */
  release(): void {
    if (this.#limitedCalls > 0) this.#settle(FREE, this.#limitedCalls);
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.reservation.release();
    this.onEnd?.();
  }

  /** Without a charge, what was reserved counts. */
  #settle(charge: Charge | undefined, calls = this.#limitedCalls + 1): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.reservation.settle(
      this.claims.map(({ quota, amount }) => {
        if (quota.unit === 'requests') return calls;
        if (quota.unit === 'tokens') return charge ? charge.tokens : amount;
        this.#settledCost = charge ? charge.cost : amount;
        return this.#settledCost;
      }),
    );
    this.onEnd?.();
  }

  /** The most tokens of the text that arrived: an event may be of several completions, one of them without text. */
  #delivered(answer: MeteredAnswer | undefined): number {
    if (!answer) return 0;
    return answer.deliveredTokens + (this.#completions - 1) * answer.events;
  }

  /** Mistral generates all completions at once. */
  get #unseen(): number {
    return UNSEEN_TOKENS * this.#completions;
  }

  get #completions(): number {
    return Math.max(1, this.demand.completions);
  }

  #partialCharge(tokens: number): Charge | undefined {
    const { promptTokens } = this.demand;
    const completionTokens = Math.min(this.demand.completionTokens, tokens);
    const cost = this.tariff.bound({ ...this.demand, completionTokens });
    return cost === undefined ? undefined : { cost, tokens: promptTokens + completionTokens };
  }
}

/**
 * What Mistral may generate of one completion of a stream between the last bytes that arrived and the moment at which
 * it notices that the connection is closed: a second of its fastest models.
 */
export const UNSEEN_TOKENS = 1024;

const FREE: Charge = { cost: 0, tokens: 0 };

/** A proxy in front of Mistral lost the answer or its patience: Mistral may finish, and charge. */
const LOST_BY_PROXY: ReadonlySet<number> = new Set([502, 504, 520, 524]);

function unavailable(error: unknown): QuotaUnavailable {
  return { kind: 'unavailable', reason: error instanceof Error ? error.name : 'unknown' };
}
