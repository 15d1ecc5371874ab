import { type Problem, publicCode } from '../governance/metering/problem.js';
import type {
  QuotaRefusal,
  QuotaTooSmall,
  QuotaUnit,
  QuotaWindow,
} from '../governance/quotas/quota.js';

/** The quota that has no room left. */
export interface ExhaustedQuota {
  /** `workspace#<name>` or `caller#<principal>`. */
  readonly scope: string;
  readonly unit: QuotaUnit;
  readonly window: QuotaWindow;
  /** In UTC, for example `2026-11-23T17`. */
  readonly windowName: string;
}

export interface RefusalDetails {
  /** Stable, and the same as in the gateway's answer. */
  readonly code: string;
  /** The field of the request that is wrong. */
  readonly param?: string;
  readonly quota?: ExhaustedQuota;
  /** When the exhausted quota resets; absent where the request never fits. */
  readonly resetsAt?: Date;
  /** At most 60; absent where a retry cannot help that soon. */
  readonly retryAfterSeconds?: number;
}

/** The policy does not allow this request, or a quota has no room for it. Nothing was sent. */
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

/** Quotas or the key cannot be read right now. Nothing was sent. */
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

/** The options that the client was created with do not fit together. */
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

/** The gateway's answer in the same case, as an error. */
export function errorOf(problem: Problem, refusal?: QuotaRefusal | QuotaTooSmall): GovernanceError {
  const { code, message, param, retryAfterSeconds } = problem;
  if (code === 'quota_unavailable') {
    return new GovernanceUnavailableError(message, code, retryAfterSeconds);
  }
  const details = { code: publicCode(code), param, retryAfterSeconds };
  if (!refusal) return new GovernanceRefusedError(message, details);
  const { quota, windowName } = refusal;
  const { scope, unit, window } = quota;
  return new GovernanceRefusedError(message, {
    ...details,
    quota: { scope, unit, window, windowName },
    resetsAt: refusal.kind === 'exhausted' ? refusal.resetsAt : undefined,
  });
}
