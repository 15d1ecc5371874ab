import type { QuotaRefusal } from '../lambdas/domain/quota.js';
import { type Problem, shownCode } from '../lambdas/metering/problem.js';
import {
  type GovernanceError,
  GovernanceRefusedError,
  GovernanceUnavailableError,
} from './errors.js';

/** What the gateway would answer, as an error. */
export function errorOf(problem: Problem, exhausted?: QuotaRefusal): GovernanceError {
  const { code, message, param, retryAfterSeconds } = problem;
  if (code === 'quota_unavailable') {
    return new GovernanceUnavailableError(message, code, retryAfterSeconds);
  }
  if (!exhausted) {
    return new GovernanceRefusedError(message, { code: shownCode(code), param, retryAfterSeconds });
  }
  const { quota, windowName, resetsAt } = exhausted;
  const { scope, unit, window } = quota;
  return new GovernanceRefusedError(message, {
    code: shownCode(code),
    quota: { scope, unit, window, windowName },
    resetsAt,
    retryAfterSeconds,
  });
}
