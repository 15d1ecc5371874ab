import type { Endpoint } from '../governance/metering/endpoints.js';
import {
  jsonAnswer,
  type Problem,
  problem,
  retryAfterOf,
  type WholeAnswer,
} from '../governance/metering/problem.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { errorMessageOf, retryAfterMs } from '../governance/mistral/mistral-answer.js';
import { redactKey } from '../governance/mistral/redact-key.js';
import { SecretEmptyError, SecretValueError } from '../governance/platform/errors.js';
import { isObject, parseJson } from '../governance/platform/json.js';
import { errorFields } from './error-fields.js';
import { headerOf, headersForCaller } from './response-headers.js';
import { MOST_ERROR_BYTES, type UpstreamAnswer, type UpstreamFailure } from './upstream.js';

const QUOTED_CHARACTERS = 300;

export function bodyTooLarge(
  { kind, form: formShape }: Pick<Endpoint, 'form'> & Partial<Pick<Endpoint, 'kind'>>,
  maxBodyBytes: number,
  form: 'as sent' | 'unpacked' = 'as sent',
): Problem {
  const size = form === 'unpacked' ? 'unpacks to more' : 'is larger';
  const remedy = kind === 'ocr' ? DOCUMENTS_BY_URL : formShape ? FILES_BY_URL : '';
  return problem(
    'body_too_large',
    `the body ${size} than the ${maxBodyBytes} bytes allowed${remedy}`,
  );
}

const DOCUMENTS_BY_URL =
  '. In a body, a document takes a third more than its file: send its URL instead, as document.document_url, or as document.image_url for an image';

const FILES_BY_URL = '. Send the URL of the file instead, or a smaller file';

export function requestTooSlow(): Problem {
  return problem('invalid_request', 'the request took too long to arrive');
}

export function bodyTooShort(): Problem {
  return problem('invalid_request', 'the body is shorter than its Content-Length');
}

/** What the caller gets for a final error of Mistral's. */
export function errorForCaller(
  { status, headers, body }: UpstreamAnswer,
  key: ApiKey,
  now: Date,
  isOverflow: boolean,
): Problem | WholeAnswer {
  const asked = retryAfterMs(headerOf(headers, 'retry-after'), now);
  const isCut = body.length === MOST_ERROR_BYTES && isJson(headers);
  const parsed = isCut ? TOO_LONG : parseJson(body.toString('utf8'));
  if (status === 403) {
    const said = redactKey(errorMessageOf(parsed), key).slice(0, QUOTED_CHARACTERS);
    return problem(
      'upstream_forbidden',
      `Mistral denied this request for the workspace's key${said ? `: ${said}` : ''}. Use a key with broader scope: scope and workspace of a key are fixed when it is created`,
    );
  }
  // The caller's own mistake, in Mistral's own words. An answer without JSON is not from the API.
  if (status >= 400 && status < 500 && isObject(parsed)) {
    const answer = jsonAnswer(status, errorFields(parsed, key));
    const { 'content-type': _, 'content-length': __, 'content-encoding': ___, ...others } = headers;
    answer.headers.push(...headersForCaller(others, key, isOverflow));
    if (asked !== undefined) answer.headers.push('retry-after', String(retryAfterOf(asked)));
    return answer;
  }
  return problem('upstream_unavailable', `Mistral answered ${status}`, {
    retryAfterSeconds: retryAfterOf(asked ?? 0),
  });
}

/** Validation quotes what it rejects: a client that retried it as a failure would never end. */
const TOO_LONG = {
  message: 'Mistral rejects the request, and its explanation is too long to be passed on',
  type: 'invalid_request_error',
};

function isJson(headers: UpstreamAnswer['headers']): boolean {
  return Boolean(headerOf(headers, 'content-type')?.startsWith('application/json'));
}

export function failureForCaller(failure: UpstreamFailure): Problem {
  const again = { retryAfterSeconds: 1 };
  switch (failure) {
    case 'no connection':
      return problem('upstream_unavailable', 'Mistral could not be reached', again);
    case 'connection broken':
      return problem('upstream_unavailable', 'the connection to Mistral broke', again);
    case 'connect timeout':
      return problem('upstream_timeout', 'Mistral took too long to accept a connection', again);
    case 'timeout':
      return problem('upstream_timeout', 'Mistral took too long to answer', again);
    case 'internal error':
      return internalError();
  }
}

/** Names neither the value that was read nor an error that may quote it. */
export function keyUnavailable(workspace: string, error: unknown): Problem {
  const key = `the key of workspace "${workspace}"`;
  if (error instanceof SecretEmptyError) {
    return problem('key_unavailable', `${key} does not exist yet`);
  }
  if (error instanceof SecretValueError) {
    const what = `${key} is not usable: its secret holds another value; on-call has been notified`;
    return problem('key_unavailable', what);
  }
  const what = `${key} cannot be read right now`;
  return problem('key_unavailable', what, { retryAfterSeconds: 1 });
}

export function keyRejected(workspace: string): Problem {
  const what = `Mistral rejects the key of workspace "${workspace}"; on-call has been notified`;
  return problem('upstream_unauthorized', what);
}

export function keyReplaced(workspace: string): Problem {
  const what = `the key of workspace "${workspace}" was just replaced: send the file once more`;
  return problem('key_unavailable', what, { retryAfterSeconds: 1 });
}

export function internalError(): Problem {
  return problem('internal_error', 'internal gateway error');
}
