import { isIP } from 'node:net';
import type { Refusal } from './refusal.js';

/** Where the proxy listens. */
export interface Binding {
  readonly host: string;
  /** Whether other machines may use it. */
  readonly isRemoteAllowed: boolean;
}

export interface IncomingHead {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[];
}

/**
 * Why a request is not sent on. A page in a browser reaches loopback, too: under the name of its own site, which
 * it lets resolve to this machine, or from its own origin.
 */
export function refusalOf(head: IncomingHead, binding: Binding): Refusal | undefined {
  const { url, headers, rawHeaders } = head;
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  const host = String(headers.host ?? '');
  if (hosts.length !== 1) return wrong('the request must have the header Host exactly once');
  if (!isOwnHost(host, binding)) {
    return foreign(
      `Host ${JSON.stringify(host)} is not this proxy: use its IP address or localhost`,
    );
  }
  const { origin, 'sec-fetch-site': site = 'none' } = headers;
  if (origin !== undefined && String(origin).toLowerCase() !== `http://${host.toLowerCase()}`) {
    return foreign(`pages of ${JSON.stringify(origin)} may not call this proxy`);
  }
  if (site !== 'none' && site !== 'same-origin') {
    return foreign('pages of other sites may not call this proxy');
  }
  if (!url.startsWith('/')) {
    return wrong('this is not a forward proxy: use its address as base URL, not as HTTP_PROXY');
  }
  return pathProblem(url);
}

/** Whether the name means this machine to everybody, and not only to who owns a domain. */
function isOwnHost(host: string, { host: bound, isRemoteAllowed }: Binding): boolean {
  const [, ipv6, name = ipv6] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  if (name === undefined) return false;
  if (isLoopback(name)) return true;
  // A name without a dot is one of the network that the proxy is in, such as a container's.
  return isRemoteAllowed && (isIP(name) !== 0 || !name.includes('.') || name === bound);
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/i.test(host);
}

/** What servers read in different ways could be signed as one path and served as another. */
function pathProblem(url: string): Refusal | undefined {
  const [path = '', query = ''] = splitTarget(url);
  if (!/^\/[\w.~!$&'()*+,;=:@%/-]*$/.test(path) || /%(?![\da-f]{2})/i.test(path)) {
    return wrong('the path has characters that must be percent-encoded');
  }
  if (path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment))) {
    return wrong('the path must not have the segments "." and ".."');
  }
  const names = [...new URLSearchParams(query).keys()];
  if (names.some((name) => /^x-amz-/i.test(name))) {
    return wrong('the query must have no signature: the proxy signs');
  }
  return undefined;
}

/** What the gateway reads of a request. All else stays here: credentials of the client above all. */
const PASSED_ON = ['accept', 'content-encoding', 'content-type', 'user-agent', 'x-affinity'];

export function forwardedHeaders(headers: IncomingHead['headers']): Record<string, string> {
  const forwarded: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = headers[name];
    if (typeof value === 'string') forwarded[name] = value;
  }
  return forwarded;
}

/** The address at the gateway, spelled as it is signed. */
export function targetOf(gateway: URL, url: string): URL {
  const [path = '', query = ''] = splitTarget(url);
  const target = new URL(gateway);
  target.pathname = `${gateway.pathname}/${path}`.replaceAll(/\/{2,}/g, '/');
  target.search = [...new URLSearchParams(query)]
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
  return target;
}

function splitTarget(url: string): [path: string, query: string] {
  const [target = ''] = url.split('#');
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}

function wrong(message: string): Refusal {
  return { status: 400, code: 'invalid_request', message };
}

function foreign(message: string): Refusal {
  return { status: 403, code: 'proxy_foreign_request', message };
}
