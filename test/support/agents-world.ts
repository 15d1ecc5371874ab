import { HTTPClient, Mistral } from '@mistralai/mistralai';
import type { ObjectStore } from '../../governance/objects/objects.js';
import type { HttpCall } from '../../testing/fakes/http-server.js';
import type { FakeAgent } from '../../testing/fakes/mistral-conversations.js';
import { createFakeInference } from '../../testing/fakes/mistral-inference.js';
import { createFakeUsage } from '../../testing/fakes/mistral-usage.js';
import { assembledGateway } from './assembled-gateway.js';
import type { policyDocument } from './builders.js';
import { CALLER_HEADER, type Script, session } from './gateway-world.js';

export const HELPER: FakeAgent = {
  id: 'ag_0684fddbd2b1724980008a9c04b7ba37',
  model: 'mistral-small-latest',
};
export const SEARCHER: FakeAgent = {
  ...{ id: 'ag_0684fddbd2b1724980008a9c04b7ba38', model: 'mistral-small-latest' },
  tools: ['web_search'],
};
export const LARGE: FakeAgent = {
  id: 'ag_0684fddbd2b1724980008a9c04b7ba39',
  model: 'mistral-large-latest',
};
export const CENTS_3 = 30_000_000;
const DEV = 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';

/** Agents of which a developer may use two, and one with tools that run at Mistral. */
export function withAgents(document: ReturnType<typeof policyDocument>): void {
  document.agents = [
    { id: HELPER.id, model: HELPER.model },
    { id: SEARCHER.id, model: SEARCHER.model, pricePerToolCall: 0.03, maxToolCalls: 2 },
    { id: LARGE.id, model: LARGE.model },
  ];
  document.roles.developer.agents = [HELPER.id, SEARCHER.id, LARGE.id];
  document.roles.senior.agents = '*';
  document.limits = { conversationTokens: 10_000 };
}

/** The stand-in for Mistral's API, with these agents. */
export function mistralWithAgents(): Script {
  const models = [
    { id: 'mistral-small-2603', aliases: ['mistral-small-latest'] },
    { id: 'mistral-large-2512', aliases: ['mistral-large-latest'] },
  ];
  const agents = [HELPER, SEARCHER, LARGE];
  const now = () => new Date('2026-06-30T12:00:00Z');
  const infer = createFakeInference({ models, agents }, createFakeUsage(), now);
  return (response, { method, url, body }) => {
    const call = { method, url: new URL(url, 'http://mistral'), body, headers: {} } as HttpCall;
    const key = { workspaceId: 'w' } as Parameters<typeof infer>[0];
    const answer = infer(key, call);
    if (!answer) return response.writeHead(404).end('{}');
    const headers = { 'content-type': 'application/json', ...answer.headers };
    const text = String(answer.body).replaceAll(',"usage":null', ''); // the SDK rejects it
    return response.writeHead(answer.status, headers).end(text);
  };
}

export async function agentsWorld(
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
  script: Script = mistralWithAgents(),
  objects?: ObjectStore,
) {
  const gateway = await assembledGateway(
    script,
    (document) => {
      withAgents(document);
      change(document);
    },
    undefined,
    objects,
  );
  const as = (role: string) => {
    const httpClient = new HTTPClient();
    httpClient.addHook('beforeRequest', (request) => {
      const identified = new Request(request);
      identified.headers.set(CALLER_HEADER, session(role));
      return identified;
    });
    return new Mistral({ serverURL: gateway.url, apiKey: 'not-a-key', httpClient });
  };
  const sent = () =>
    gateway.received.map(({ url, body }) => ({ url, body: JSON.parse(body || '{}') }));
  const spent = async () => {
    const all = Object.entries(await gateway.settledByCounter());
    const found = all.filter(([name]) => name.includes(DEV) && name.includes('usd#'));
    return found.reduce((sum, [, nanos]) => sum + nanos, 0);
  };
  return { ...gateway, as, sent, spent };
}
