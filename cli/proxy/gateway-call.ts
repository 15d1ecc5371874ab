import * as http from 'node:http';
import * as https from 'node:https';
import { KEEP_ALIVE_MS } from '../../gateway/upstream.js';
import type {
  CachedCredentials,
  RequestSigner,
} from '../../governance/platform/request-signer.aws.js';

/** The deployed gateway, and how requests for it are signed and sent. */
export interface SignedGateway {
  readonly url: URL;
  readonly signer: RequestSigner;
  readonly credentials: Pick<CachedCredentials, 'forget'>;
  readonly agent: () => http.Agent;
}

export interface GatewayCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

const CONNECT_MS = 10_000;
/** The gateway's function ends after so long, also in the middle of an answer. */
const SILENCE_MS = 15 * 60_000;

/**
 * Keeps connections, but uses none that the other end may have closed: also by the clock, since timers rest while a
 * laptop sleeps.
 */
export function keptConnections(url: URL, now: () => Date): () => http.Agent {
  const { Agent } = url.protocol === 'http:' ? http : https;
  const create = () => new Agent({ keepAlive: true, timeout: KEEP_ALIVE_MS });
  let agent = create();
  let usedAtMs = 0;
  return () => {
    const ms = now().getTime();
    if (ms - usedAtMs > KEEP_ALIVE_MS) agent = create(); // requests in flight keep the one before
    usedAtMs = ms;
    return agent;
  };
}

/** Signs and sends. Resolves with the head of the answer. @throws what the provider of credentials throws */
export async function callGateway(
  { signer, agent }: SignedGateway,
  { method, url, headers, body, signal }: GatewayCall,
): Promise<http.IncomingMessage> {
  const signed = await signer.sign({
    method,
    url,
    headers,
    body: body.length > 0 ? body : undefined,
  });
  signal.throwIfAborted();
  const length = body.length > 0 || method === 'POST' ? { 'content-length': body.length } : {};
  return send(
    { ...{ method, signal }, agent: agent(), headers: { ...signed, ...length } },
    url,
    body,
  );
}

/** Once: what was sent may have cost something. */
function send(options: http.RequestOptions, url: URL, body: Buffer): Promise<http.IncomingMessage> {
  const { request: open } = url.protocol === 'http:' ? http : https;
  return new Promise((resolve, reject) => {
    const request = open(url, options, resolve);
    const connecting = setTimeout(() => {
      request.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`));
    }, CONNECT_MS);
    request.on('socket', (socket) => {
      const connected = () => clearTimeout(connecting);
      if (!socket.connecting) connected();
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    request.setTimeout(SILENCE_MS, () => {
      request.destroy(new Error(`no answer within ${SILENCE_MS / 60_000} minutes`));
    });
    request.on('error', (error) => {
      clearTimeout(connecting);
      reject(error);
    });
    request.on('close', () => clearTimeout(connecting));
    request.end(body);
  });
}
