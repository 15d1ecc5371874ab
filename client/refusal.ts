import { type Problem, shownCode } from '../governance/metering/problem.js';
import type { QuotaRefusal, QuotaTooSmall } from '../governance/quotas/quota.js';
import {
  type GovernanceError,
  GovernanceRefusedError,
  GovernanceUnavailableError,
} from './errors.js';

/** What the gateway would answer, as an error. */
export function errorOf(problem: Problem, refusal?: QuotaRefusal | QuotaTooSmall): GovernanceError {
  const { code, message, param, retryAfterSeconds } = problem;
  if (code === 'quota_unavailable') {
    return new GovernanceUnavailableError(message, code, retryAfterSeconds);
  }
  if (!refusal) {
    return new GovernanceRefusedError(message, { code: shownCode(code), param, retryAfterSeconds });
  }
  const { quota, windowName } = refusal;
  const { scope, unit, window } = quota;
  return new GovernanceRefusedError(message, {
    code: shownCode(code),
    quota: { scope, unit, window, windowName },
    resetsAt: refusal.kind === 'exhausted' ? refusal.resetsAt : undefined,
    retryAfterSeconds,
  });
}
