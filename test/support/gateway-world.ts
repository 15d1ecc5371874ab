import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createGateway, type Gateway } from '../../gateway/gateway.js';
import type { GatewayDeps } from '../../gateway/gateway-deps.js';
import { createHttpsUpstream } from '../../gateway/https-upstream.js';
import { createHttpShell, type HttpShell } from '../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../gateway/server/undici-upstream.js';
import { createMetering } from '../../governance/metering/metering.js';
import type { Log } from '../../governance/platform/log.js';
import type { Policy } from '../../governance/policy/policy.js';
import { PATIENCE_MS } from '../../testing/aws.js';
import { aPolicy, type policyDocument } from './builders.js';
import {
  accessTo,
  type FakeKeys,
  type FakeQuotas,
  fakeKeys,
  fakeQuotas,
  fakeTariff,
} from './gateway-fakes.js';

/** A request that reached Mistral's stand-in. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Whether the gateway gave up on it before it was answered. */
  aborted: boolean;
}

export type Script = (response: ServerResponse, received: Received, count: number) => unknown;

export interface GatewayWorld {
  /** Of the Node shell. */
  readonly url: string;
  readonly gateway: Gateway;
  readonly shell: HttpShell;
  readonly received: Received[];
  readonly quotas: FakeQuotas;
  readonly keys: FakeKeys;
  readonly alerts: string[];
  readonly pauses: number[];
  readonly logged: string[];
  ask(body: unknown, options?: AskOptions): Promise<Response>;
}

export interface AskOptions {
  readonly path?: string;
  readonly method?: string;
  readonly caller?: string | undefined;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

export const CALLER_HEADER = 'x-caller-arn';
/** A session of an IAM role, as STS names it. */
export const session = (role: string) => `arn:aws:sts::111122223333:assumed-role/${role}/alice`;
export const DEVELOPER = session('developer');
/** Counted for the role, under any session name. */
export const DAILY_TOKENS = `caller#${DEVELOPER.replace(/\/[^/]*$/, '')} tokens day`;

/** The two ways to Mistral: of the plain server and of the Lambda. */
export const UPSTREAMS = { undici: createUndiciUpstream, https: createHttpsUpstream };
export type UpstreamKind = keyof typeof UPSTREAMS;
export const UPSTREAM_KINDS: readonly UpstreamKind[] = ['undici', 'https'];

export type ChangePolicy = (document: ReturnType<typeof policyDocument>) => void;

/** Gateway, Node shell and a stand-in for Mistral, all real servers, for the length of one test. */
export async function gatewayWorld(
  script: Script,
  change: ChangePolicy = () => {},
  overrides: Partial<GatewayDeps> & { readonly upstreamKind?: UpstreamKind } = {},
): Promise<GatewayWorld> {
  const upstream = await mistralStandIn(script);
  const policy: Policy = aPolicy((document) => {
    document.mistral = { ...document.mistral, apiUrl: upstream.url };
    document.gateway = { ...document.gateway };
    change(document);
  });
  const quotas = fakeQuotas();
  const keys = fakeKeys();
  const alerts: string[] = [];
  const pauses: number[] = [];
  const logged: string[] = [];
  const log = (message: string, ...fields: unknown[]) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const { upstreamKind = 'undici' } = overrides;
  const gateway = createGateway({
    policy,
    upstream: UPSTREAMS[upstreamKind](policy.mistral.apiUrl, policy.gateway),
    access: accessTo(policy),
    metering: createMetering(policy, quotas, fakeTariff),
    quotas,
    keys,
    alerts: { unauthorized: (workspace) => void alerts.push(workspace) },
    metrics: { ended() {}, refused() {} },
    log: { info: log, warn: log, error: log } satisfies Log,
    now: () => new Date('2026-06-30T12:00:00Z'),
    sleep: async (milliseconds) => void pauses.push(milliseconds),
    random: () => 1,
    ...overrides,
  });
  const shell = createHttpShell(gateway, { callerHeader: CALLER_HEADER });
  const url = await listen(shell.server);
  onTestFinished(() => void gateway.close().catch(() => {})); // closed by the test itself
  const { received } = upstream;

  return {
    ...{ url, gateway, shell, received, quotas, keys, alerts, pauses, logged },
    ask(body, { path = '/v1/chat/completions', method = 'POST', ...options } = {}) {
      const caller = 'caller' in options ? options.caller : DEVELOPER;
      return fetch(url + path, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(caller === undefined ? {} : { [CALLER_HEADER]: caller }),
          ...options.headers,
        },
        body:
          method === 'GET' || method === 'HEAD'
            ? undefined
            : typeof body === 'string'
              ? body
              : JSON.stringify(body),
        signal: options.signal ?? null,
      });
    },
  };
}

export async function mistralStandIn(script: Script) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const seen: Received = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: '',
      aborted: false,
    };
    const mutable = seen as { body: string };
    try {
      for await (const chunk of request) mutable.body += chunk;
    } catch {
      return; // the gateway gave up before all of it was sent
    }
    response.on('close', () => {
      seen.aborted = !response.writableFinished;
    });
    received.push(seen);
    await script(response, seen, received.length);
  });
  return { url: await listen(server), received };
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const CHAT = {
  model: 'mistral-small-latest',
  messages: [{ role: 'user', content: 'Say hello.' }],
};

/** How the gateway names the model of `CHAT` to Mistral: by the id that it checked. */
export const CHECKED_MODEL = 'mistral-small-2603';

export const USAGE = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

export const COMPLETION = {
  id: 'c1',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'mistral-small-latest',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hello "usage": {"total_tokens": 1}' },
      finish_reason: 'stop',
    },
  ],
  usage: USAGE,
};

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

/** The events of a streamed answer; the last one before `[DONE]` has the usage. */
export function streamEvents(words: readonly string[], usage: object | null = USAGE): string[] {
  const event = (delta: object, more: object = {}) => {
    const choices = [{ index: 0, delta, finish_reason: null, ...more }];
    const chunk = { id: 's1', object: 'chat.completion.chunk', model: 'mistral-small-latest' };
    return { ...chunk, created: 1_790_000_000, choices };
  };
  const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
  return [
    data({ ...event({ role: 'assistant', content: '' }), usage: null }),
    ...words.map((content) => data({ ...event({ content }), usage: null })),
    data({ ...event({ content: '' }, { finish_reason: 'stop' }), ...(usage ? { usage } : {}) }),
    'data: [DONE]\n\n',
  ];
}

/** Waits for a result of later turns of the event loop. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error('the result did not come in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
