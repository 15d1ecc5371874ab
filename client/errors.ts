import type { QuotaUnit, QuotaWindow } from '../governance/quotas/quota.js';

/** The quota that has no room left. */
export interface ExhaustedQuota {
  /** `workspace#<name>` or `caller#<who>`. */
  readonly scope: string;
  readonly unit: QuotaUnit;
  readonly window: QuotaWindow;
  /** In UTC, for example `2026-11-23T17`. */
  readonly windowName: string;
}

export interface RefusalDetails {
  /** Stable: the code that the gateway answers with in the same case. */
  readonly code: string;
  /** The field of the request that is wrong. */
  readonly param?: string;
  readonly quota?: ExhaustedQuota;
  /** When the exhausted quota starts anew; absent where the request would not fit then either. */
  readonly resetsAt?: Date;
  /** Absent where a repeated request would fare no better. */
  readonly retryAfterSeconds?: number;
}

/** The policy does not allow this request, or no quota has room for it. Nothing was sent. */
export class GovernanceRefusedError extends Error {
  override readonly name = 'GovernanceRefusedError';
  readonly code: string;
  readonly param: string | undefined;
  readonly quota: ExhaustedQuota | undefined;
  readonly resetsAt: Date | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, details: RefusalDetails) {
    super(message);
    this.code = details.code;
    this.param = details.param;
    this.quota = details.quota;
    this.resetsAt = details.resetsAt;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export type UnavailableCode = 'quota_unavailable' | 'key_unavailable' | 'shutting_down';

/** Whether the request is allowed, or with which key, cannot be told right now. Nothing was sent. */
export class GovernanceUnavailableError extends Error {
  override readonly name = 'GovernanceUnavailableError';

  constructor(
    message: string,
    readonly code: UnavailableCode,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message);
  }
}

/** What the client was created with does not fit together: it was never going to work. */
export class GovernanceConfigurationError extends Error {
  override readonly name = 'GovernanceConfigurationError';
}

export type GovernanceError =
  | GovernanceRefusedError
  | GovernanceUnavailableError
  | GovernanceConfigurationError;

export function isGovernanceError(error: unknown): error is GovernanceError {
  return (
    error instanceof GovernanceRefusedError ||
    error instanceof GovernanceUnavailableError ||
    error instanceof GovernanceConfigurationError
  );
}
