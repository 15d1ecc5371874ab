import type { ObjectKind } from '../objects/objects.js';

/**
 * Every refusal and failure in the gateway's own words. Codes never change their meaning, since
 * callers branch on them. The types are those of Mistral's error glossary.
 */
const PROBLEMS = {
  invalid_request: { status: 400, type: 'invalid_request_error' },
  // Mistral's own validation would answer 422.
  invalid_field: { status: 422, type: 'invalid_request_error', publicCode: 'invalid_request' },
  max_tokens_invalid: { status: 422, type: 'invalid_request_error' },
  body_too_large: { status: 413, type: 'invalid_request_error' },
  unsupported_encoding: { status: 415, type: 'invalid_request_error' },
  endpoint_not_allowed: { status: 404, type: 'invalid_request_error' },
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  object_not_found: { status: 404, type: 'invalid_request_error' },
  unknown_caller: { status: 403, type: 'authentication_error' },
  unknown_role: { status: 403, type: 'authentication_error' },
  model_not_allowed: { status: 403, type: 'invalid_request_error' },
  agent_not_allowed: { status: 403, type: 'invalid_request_error' },
  model_not_priced: { status: 403, type: 'invalid_request_error' },
  max_tokens_exceeded: { status: 403, type: 'invalid_request_error' },
  budget_exhausted: { status: 429, notSoon: 402, type: 'rate_limit_error' },
  tokens_exhausted: { status: 429, notSoon: 402, type: 'rate_limit_error' },
  rate_limited: { status: 429, notSoon: 402, type: 'rate_limit_error' },
  upstream_forbidden: { status: 403, type: 'authentication_error' },
  upstream_unauthorized: { status: 403, type: 'server_error' },
  upstream_unavailable: { status: 502, type: 'server_error' },
  upstream_timeout: { status: 504, type: 'server_error' },
  quota_unavailable: { status: 503, type: 'server_error' },
  objects_unavailable: { status: 503, notSoon: 403, type: 'server_error' },
  key_unavailable: { status: 503, notSoon: 403, type: 'server_error' },
  shutting_down: { status: 503, type: 'server_error' },
  internal_error: { status: 500, type: 'server_error' },
} as const satisfies Record<string, ProblemKind>;

interface ProblemKind {
  readonly status: number;
  readonly type: string;
  /**
   * The status where a retry cannot help soon. Clients retry 429 and 5xx with any headers, and
   * none of them retries these.
   */
  readonly notSoon?: number;
  /** The code in the answer, where it differs from the name here. */
  readonly publicCode?: string;
}

export type ProblemCode = keyof typeof PROBLEMS;

export const PROBLEM_CODES = Object.keys(PROBLEMS) as readonly ProblemCode[];

export interface Problem {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  readonly message: string;
  /** The field of the body that is wrong. */
  readonly param?: string | undefined;
  /** Absent where a retry cannot help within `LONGEST_RETRY_AFTER_SECONDS`. */
  readonly retryAfterSeconds?: number;
  /** When a later retry can help. */
  readonly resetsAt?: Date;
  /** The method that the path accepts. */
  readonly allow?: string;
}

export function problem(
  code: ProblemCode,
  message: string,
  more: Pick<Problem, 'param' | 'retryAfterSeconds' | 'resetsAt' | 'allow'> = {},
): Problem {
  return { kind: 'problem', code, message, ...more };
}

/**
 * The answer for an id that is not the caller's, whether it is another caller's or none at all: it does
 * not repeat the id, so that it is always the same.
 */
export function objectNotFound(kind: ObjectKind, param?: string): Problem {
  const name = NAMES[kind];
  const what = `no such ${name}: it does not exist, has expired or was deleted, or this caller did not create it`;
  return problem('object_not_found', what, { param });
}

/** What is about objects is refused while it is not known whose they are. */
export function objectsUnavailable(why: 'not set up' | 'not read'): Problem {
  if (why === 'not read') {
    const what = 'it cannot be read right now whose the object is, so nothing was sent';
    return problem('objects_unavailable', what, { retryAfterSeconds: 1 });
  }
  return problem(
    'objects_unavailable',
    'this gateway has no table of who owns files, conversations and batch jobs: set OBJECTS_TABLE_NAME to the output ObjectsTableName of the stack',
  );
}

/** An object was created, and nothing says that it is the caller's. */
export function objectNotRecorded(kind: ObjectKind, end: 'deleted' | 'not deleted'): Problem {
  const then =
    end === 'deleted'
      ? 'so it was deleted again'
      : 'and it could not be deleted: no caller can use it, and the nightly audit lists it';
  const what = `the ${NAMES[kind]} was created, but its owner could not be recorded, ${then}`;
  return problem('objects_unavailable', what, { retryAfterSeconds: 1 });
}

const NAMES = { file: 'file', conversation: 'conversation', batch: 'batch job' } as const;

/** Some clients sleep for as long as `Retry-After` says, without a limit of their own. */
const LONGEST_RETRY_AFTER_SECONDS = 60;

/** When to retry: after a wait that clients may sleep through, or else not before an instant. */
export function retryOf(
  now: Date,
  resetsAt: Date,
): Pick<Problem, 'retryAfterSeconds' | 'resetsAt'> {
  const seconds = Math.max(1, Math.ceil((resetsAt.getTime() - now.getTime()) / 1000));
  if (seconds > LONGEST_RETRY_AFTER_SECONDS) return { resetsAt };
  return { retryAfterSeconds: seconds, resetsAt };
}

/** For what may succeed at any time, such as a failing server. */
export function retryAfterOf(milliseconds: number): number {
  return Math.min(Math.max(1, Math.ceil(milliseconds / 1000)), LONGEST_RETRY_AFTER_SECONDS);
}

/** The code that callers receive. */
export function publicCode(code: ProblemCode): ProblemCode {
  const kind = PROBLEMS[code];
  return 'publicCode' in kind ? kind.publicCode : code;
}

/** An answer that is sent in one piece. */
export interface WholeAnswer {
  readonly status: number;
  /** Name, value, name, value … */
  readonly headers: string[];
  readonly body: Buffer;
}

export function jsonAnswer(status: number, value: unknown): WholeAnswer {
  const body = Buffer.from(JSON.stringify(value));
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  return { status, headers, body };
}

/** A problem in the format of Mistral's errors, and of OpenAI's in `error`: each one's clients read it. */
export function answerOf(problem: Problem): WholeAnswer {
  const { message, param = null, retryAfterSeconds, resetsAt, allow } = problem;
  const { status: usual, notSoon, type }: ProblemKind = PROBLEMS[problem.code];
  const isSoon = notSoon === undefined || retryAfterSeconds !== undefined;
  const status = isSoon ? usual : notSoon;
  const code = publicCode(problem.code);
  const resets_at = resetsAt?.toISOString(); // left out where there is none
  const error = { message, type, param, code, resets_at };
  const answer = jsonAnswer(status, { object: 'error', ...error, error });
  if (retryAfterSeconds !== undefined)
    answer.headers.push('retry-after', String(retryAfterSeconds));
  else if (!isSoon) answer.headers.push('x-should-retry', 'false');
  if (allow !== undefined) answer.headers.push('allow', allow);
  return answer;
}
