import type { AccessGrant, AccessRefusal, AccessRequest } from '../access/access.js';
import type { QuotaRefusal, QuotaTooSmall, QuotaUnavailable } from '../quotas/quota.js';

/** What one request uses, or may use at most. */
export interface Consumption {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Of OCR. */
  readonly pages: number;
  readonly audioSeconds: number;
}

/** The most that one request can use, known before it is sent. */
export interface Demand extends Consumption {
  /** Whose quotas pay: workspace, exact model, the caller's tokens a day. */
  readonly grant: AccessGrant;
  /** What the prompt will probably be, for an answer that ends before Mistral tells. */
  readonly likelyPromptTokens: number;
  /** Asked for with `service_tier`, and dearer. */
  readonly priority: boolean;
  /** OCR that also describes what it finds, and is dearer. */
  readonly annotated: boolean;
}

/** What a request turned out to use. It counts as a request in every case. */
export type Used =
  /** Mistral's own `usage` or `usage_info`, as it came. */
  | { readonly kind: 'measured'; readonly usage: Readonly<Record<string, unknown>> }
  /** Mistral said nothing of usage: this is our estimate. */
  | ({ readonly kind: 'estimated' } & Consumption)
  /** Mistral refused the request or failed at it. */
  | { readonly kind: 'nothing' };

/** What a request holds until it is settled. Only the first call of either method counts. */
export interface Hold {
  readonly kind: 'reserved';
  settle(used: Used): void;
  /** As if the request had never been. */
  release(): void;
}

/** The policy refuses models that no price is known of. */
export interface Unpriced {
  readonly kind: 'unpriced';
}

export type HoldOutcome = Hold | QuotaRefusal | QuotaTooSmall | QuotaUnavailable | Unpriced;

export interface Metering {
  /** Answers at once while leases last. */
  reserve(demand: Demand): HoldOutcome | Promise<HoldOutcome>;
}

export type Authorize = (callerArn: string, request: AccessRequest) => AccessGrant | AccessRefusal;
