import type { ServerResponse } from 'node:http';
import { keptConnections } from '../../../cli/proxy/gateway-call.js';
import { createProxyServer, type ProxyOptions } from '../../../cli/proxy/proxy-server.js';
import type { Refusal } from '../../../cli/proxy/refusal.js';
import {
  type AwsCredentials,
  type CredentialsProvider,
  cachedCredentials,
  createRequestSigner,
} from '../../../governance/platform/request-signer.aws.js';
import { functionUrl, type KnownKeys, type SignedCall } from '../../support/function-url.js';
import { listen } from '../../support/gateway-world.js';

export const AT = new Date('2026-06-30T12:00:00Z');
export const KEYS = {
  ASIATEMPORARY: { secretAccessKey: 'secret-of-temporary', sessionToken: 'session//token+==' },
  ASIARENEWED: { secretAccessKey: 'secret-of-renewed', sessionToken: 'renewed-token' },
} satisfies KnownKeys;
export const TEMPORARY: AwsCredentials = { accessKeyId: 'ASIATEMPORARY', ...KEYS.ASIATEMPORARY };
export const RENEWED: AwsCredentials = { accessKeyId: 'ASIARENEWED', ...KEYS.ASIARENEWED };
export const CHAT = {
  model: 'mistral-small-latest',
  messages: [{ role: 'user' as const, content: 'Grüße' }],
};
export const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

const HEAD = { id: 'c1', created: 1_790_000_000, model: 'mistral-small-latest' };
export const COMPLETION = {
  ...{ ...HEAD, object: 'chat.completion', usage: USAGE },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
};

export function event(content: string, more: object = {}): string {
  const choice = { index: 0, delta: { content }, finish_reason: null, ...more };
  return `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [choice], ...('finish_reason' in more && { usage: USAGE }) })}\n\n`;
}

export const EVENTS = [event('Hel'), event('lo', { finish_reason: 'stop' }), 'data: [DONE]\n\n'];

/** As the gateway answers chat, streams and the list of models. */
export function answerAsGateway(response: ServerResponse, { url, body }: SignedCall): void {
  const json = { 'content-type': 'application/json' };
  if (url.startsWith('/v1/models')) {
    response.writeHead(200, json).end('{"object":"list","data":[]}');
  } else if (JSON.parse(body.toString()).stream === true) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const one of EVENTS) response.write(one);
    response.end();
  } else {
    response.writeHead(200, json).end(JSON.stringify(COMPLETION));
  }
}

export interface ProxyWorldOptions extends Partial<Pick<ProxyOptions, 'binding' | 'watch'>> {
  readonly answer?: (response: ServerResponse, call: SignedCall) => void;
  readonly provider?: CredentialsProvider;
  readonly now?: () => Date;
  /** Below the gateway's address. */
  readonly prefix?: string;
}

/** The proxy before a function URL that verifies signatures, both on sockets, for the length of one test. */
export async function proxyWorld(options: ProxyWorldOptions = {}) {
  const {
    answer = answerAsGateway,
    provider = async () => TEMPORARY,
    now = () => AT,
    prefix = '',
  } = options;
  const remote = await functionUrl(KEYS, answer, now);
  const url = new URL(`${remote.url}/${prefix}`);
  const credentials = cachedCredentials(provider, now);
  const signer = createRequestSigner({
    region: 'eu-west-1',
    credentials: credentials.current,
    now,
  });
  const agent = keptConnections(url, now);
  const refusals: Refusal[] = [];
  const proxy = createProxyServer({
    gateway: { url, signer, credentials, agent },
    binding: options.binding ?? { host: '127.0.0.1', isRemoteAllowed: false },
    ...(options.watch && { watch: options.watch }),
    refused: (refusal) => void refusals.push(refusal),
  });
  return { remote, proxy, refusals, url: await listen(proxy.server) };
}
