import { jsonAnswer, type WholeAnswer } from '../../governance/metering/problem.js';

/** Why the proxy itself answers a request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** As the gateway's own errors: in the shapes of Mistral and of OpenAI. */
export function refusalAnswer({ status, code, message, retryAfterSeconds }: Refusal): WholeAnswer {
  const type = status === 401 || status === 403 ? 'authentication_error' : typeOf(status);
  const error = { message, type, param: null, code };
  const answer = jsonAnswer(status, { object: 'error', ...error, error });
  if (retryAfterSeconds !== undefined) {
    answer.headers.push('retry-after', String(retryAfterSeconds));
  }
  return answer;
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}
