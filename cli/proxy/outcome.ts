import { isObject, parseJson } from '../../governance/platform/json.js';
import type { Refusal } from './refusal.js';

/** Of one connection, or about the address where the gateway really is. */
const NOT_PASSED_ON =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|set-cookie|alt-svc|strict-transport-security|access-control-.*)$/i;

/** The headers of an answer that reach the client: name, value, name, value … */
export function passedHeaders(rawHeaders: readonly string[]): string[] {
  const named = valuesOf(rawHeaders, 'connection').flatMap((value) => value.split(/\s*,\s*/));
  const ofConnection = new Set(named.map((name) => name.toLowerCase()));
  return rawHeaders.filter((_, at) => {
    const name = rawHeaders[at - (at % 2)] ?? '';
    return !NOT_PASSED_ON.test(name) && !ofConnection.has(name.toLowerCase());
  });
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === wanted);
}

/** Longer ones are no errors of AWS's. */
export const MOST_ERROR_BYTES = 4096;

/** An answer of AWS's own in words that say what to do; `undefined` for what the gateway answered. */
export function awsRefusal(status: number, body: Buffer, gateway: URL): Refusal | undefined {
  const answer = parseJson(body.toString());
  if (isObject(answer) && ('object' in answer || 'error' in answer)) return undefined; // the gateway's
  const said = isObject(answer) ? (answer.Message ?? answer.message ?? answer.Reason) : undefined;
  const words = typeof said === 'string' ? said : `status ${status}`;
  switch (status) {
    case 403:
      return forbidden(words);
    case 404: {
      const message = `there is no gateway at ${gateway.origin}: it may be switched off (gateway.enabled in the policy) or have a new URL; start the proxy again`;
      return { status, code: 'gateway_not_found', message };
    }
    case 429:
      return {
        ...{ status, code: 'rate_limited', retryAfterSeconds: 1 },
        message: `AWS throttles the gateway's function (${words})`,
      };
    default: {
      if (status < 500) return undefined;
      const message = `the gateway's function failed (AWS: ${words})`;
      return { status, code: 'gateway_failed', message, retryAfterSeconds: 1 };
    }
  }
}

function forbidden(words: string): Refusal {
  if (/token.*(expired|invalid)|access key|invalidclienttokenid/i.test(words)) {
    const message = `AWS rejects the credentials (${words}): sign in again, for example by aws sso login`;
    return { status: 401, code: 'credentials_rejected', message };
  }
  if (/signature (expired|not yet current)/i.test(words)) {
    const message = `AWS rejects the time of the signature: set the clock of this machine (${words})`;
    return { status: 403, code: 'gateway_forbidden', message };
  }
  return {
    ...{ status: 403, code: 'gateway_forbidden' },
    message: `AWS does not let your role call the gateway (${words}): the role needs lambda:InvokeFunctionUrl, and lambda:InvokeFunction through the URL, on the gateway's function; its account must be one that the policy's callers name`,
  };
}
