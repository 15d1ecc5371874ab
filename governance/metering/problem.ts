/**
 * Every refusal and failure that the gateway words itself. Codes never change their meaning:
 * callers branch on them. The types are those of Mistral's own error glossary.
 */
const PROBLEMS = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  // What Mistral's own validation would answer with 422.
  invalid_field: { status: 422, type: 'invalid_request_error', shownAs: 'invalid_request' },
  max_tokens_invalid: { status: 422, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  endpoint_not_allowed: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  unknown_caller: { status: 403, type: 'authentication_error' },
  unknown_role: { status: 403, type: 'authentication_error' },
  model_not_allowed: { status: 403, type: 'invalid_request_error' },
  model_not_priced: { status: 403, type: 'invalid_request_error' },
  max_tokens_exceeded: { status: 403, type: 'invalid_request_error' },
  budget_exhausted: { status: 429, type: 'rate_limit_error' },
  tokens_exhausted: { status: 429, type: 'rate_limit_error' },
  rate_limited: { status: 429, type: 'rate_limit_error' },
  upstream_forbidden: { status: 403, type: 'authentication_error' },
  upstream_unauthorized: { status: 502, type: 'server_error' },
  upstream_unavailable: { status: 502, type: 'server_error' },
  upstream_timeout: { status: 504, type: 'server_error' },
  quota_unavailable: { status: 503, type: 'server_error' },
  key_unavailable: { status: 503, type: 'server_error' },
  shutting_down: { status: 503, type: 'server_error' },
  internal_error: { status: 500, type: 'server_error' },
} as const satisfies Record<string, ProblemKind>;

interface ProblemKind {
  readonly status: number;
  readonly type: string;
  /** The code on the wire, where it is not the name here. */
  readonly shownAs?: string;
}

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

export interface Problem {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  readonly message: string;
  /** The field of the body that is wrong. */
  readonly param?: string;
  /** Absent where a repeated request would fare no better. */
  readonly retryAfterSeconds?: number;
  /** The methods that the path does take. */
  readonly allow?: string;
}

export function problem(
  code: ProblemCode,
  message: string,
  more: Pick<Problem, 'param' | 'retryAfterSeconds' | 'allow'> = {},
): Problem {
  return { kind: 'problem', code, message, ...more };
}

/** The code that callers see. */
export function shownCode(code: ProblemCode): ProblemCode {
  const kind = PROBLEMS[code];
  return 'shownAs' in kind ? kind.shownAs : code;
}

export interface ProblemAnswer {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: Buffer;
}

/** A problem as Mistral words its own, so that its clients read ours. */
export function answerOf(problem: Problem): ProblemAnswer {
  const { code, message, param = null, retryAfterSeconds, allow } = problem;
  const { status, type }: ProblemKind = PROBLEMS[code];
  const body = Buffer.from(
    JSON.stringify({ object: 'error', message, type, param, code: shownCode(code) }),
  );
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds));
  if (allow !== undefined) headers.push('allow', allow);
  return { status, headers, body };
}
