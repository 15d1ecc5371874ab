import { NO_USAGE } from '../prices/request-cost.js';
import { isMoney, type QuotaClaim, type Reservation } from '../quotas/quota.js';
import type { MeteredAnswer } from './answer-meter.js';
import type { Demand } from './demand.js';
import type { Charge, Tariff } from './tariff.js';
import { NO_RECORD, type UsageRecord, usageAtBound } from './usage-record.js';
import type { ReportedUsage } from './usage-scanner.js';

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
    private readonly record: Pick<UsageRecord, 'settled'> = NO_RECORD,
    private readonly reservedAtMs = 0,
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
    else if (answer.deliveredTokens === 0) this.#settle(this.#chargeOfTools());
    else this.#settle(this.#partialCharge(answer));
  }

  /**
   * The answer was cut here, or did not begin although Mistral may have received the request. Of a
   * stream the prompt counts, what was delivered, and what may have been on its way; anything else is
   * generated whole. All at their upper bounds: no end is cheaper than the usage.
   */
  endedEarly(answer?: MeteredAnswer): void {
    const isPaidAsRead = answer ? answer.generated === 'as delivered' : this.demand.streamed;
    if (answer?.usage || answer?.hasFailed) this.ended(answer);
    else if (this.demand.unreported || !isPaidAsRead) this.delivered(undefined);
    else this.#settle(this.#partialCharge(answer, UNSEEN_TOKENS));
  }

  /** The connection broke: what was generated may be more than what arrived, also of a stream. */
  brokeOff(answer?: MeteredAnswer): void {
    const { usage, hasFailed = false, deliveredTokens = 0, events = 0 } = answer ?? {};
    this.endedEarly({ usage, hasFailed, deliveredTokens, events, generated: 'all' });
  }

  /** Mistral answered with an error, which it does not charge for but counts as a request. */
  failed(status: number): void {
    if (LOST_BY_PROXY.has(status)) this.endedEarly();
    else this.#settle(status >= 500 ? this.#chargeOfTools() : FREE);
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
  #settle(given: Charge | undefined, calls = this.#limitedCalls + 1): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const charge = given ?? this.#unreportedCharge();
    this.reservation.settle(
      this.claims.map(({ quota, amount }) => {
        if (quota.unit === 'requests') return calls;
        if (quota.unit === 'tokens') return charge ? charge.tokens : amount;
        this.#settledCost = charge ? charge.cost : amount;
        return this.#settledCost;
      }),
    );
    this.#record(charge, calls);
    this.onEnd?.();
  }

  /** Of an error: tools may have run at Mistral before it. */
  #chargeOfTools(): Charge {
    if (this.demand.toolCalls === 0) return FREE;
    const without = { promptTokens: 0, completionTokens: 0, audioSeconds: 0 };
    const cost = this.tariff.bound({ ...this.demand, ...without }) ?? 0;
    return { cost, tokens: 0, usage: NO_USAGE };
  }

  /** The most tokens of what arrived, and of what may be on its way: all completions are generated at once. */
  #partialCharge(answer: MeteredAnswer | undefined, unseen = 0): Charge | undefined {
    const { deliveredTokens = 0, events = 0 } = answer ?? {};
    const { promptTokens, completions, unreported } = this.demand;
    if (unreported) return undefined;
    // An event may be of several completions, all but one without text.
    const others = completions > 1 ? (completions - 1) * (events + unseen) : 0;
    const tokens = deliveredTokens + others + unseen;
    const completionTokens = Math.min(this.demand.completionTokens, tokens);
    const cost = this.tariff.bound({ ...this.demand, completionTokens });
    if (cost === undefined) return undefined;
    const usage = usageAtBound({ ...this.demand, completionTokens });
    return { cost, tokens: promptTokens + completionTokens, usage };
  }

  /** Of audio whose length only a report says, less may be reserved than it has. */
  #unreportedCharge(): Charge | undefined {
    const { unreported } = this.demand;
    if (!unreported) return undefined;
    const most = { ...this.demand, ...unreported };
    const cost = this.tariff.bound(most);
    const tokens = unreported.promptTokens + unreported.completionTokens;
    return cost === undefined ? undefined : { cost, tokens, usage: usageAtBound(most) };
  }

  /** The ledger is of the same amounts as the quotas. */
  #record(charge: Charge | undefined, calls: number): void {
    const { demand, record, reservedAtMs } = this;
    const usage = charge?.usage ?? usageAtBound(demand);
    const reserved = this.claims.find(({ quota }) => isMoney(quota))?.amount;
    const cost = charge?.cost ?? reserved ?? this.tariff.bound(demand) ?? 0;
    record.settled({ demand, reservedAtMs, calls, usage, cost });
  }
}

/**
 * What Mistral may generate of one completion of a stream between the last bytes that arrived and the moment at which
 * it notices that the connection is closed: a second of its fastest models.
 */
export const UNSEEN_TOKENS = 1024;

const FREE: Charge = { cost: 0, tokens: 0, usage: NO_USAGE };

/** A proxy in front of Mistral lost the answer or its patience: Mistral may finish, and charge. */
const LOST_BY_PROXY: ReadonlySet<number> = new Set([502, 504, 520, 524]);
