import { expect, test } from 'vitest';
import {
  answerJson,
  CHAT,
  COMPLETION,
  DEVELOPER,
  gatewayWorld,
  session,
  USAGE,
} from '../support/gateway-world.js';

const ME = { path: '/v1/governance/me', method: 'GET' };
const answered = () => gatewayWorld((response) => answerJson(response, 200, COMPLETION));

test('a caller sees who it is, what it may use, and what is left of that', async () => {
  const world = await answered();
  await (await world.ask(CHAT)).text();

  const answer = await world.ask(undefined, ME);

  expect(answer.status).toBe(200);
  const me = (await answer.json()) as { quotas: unknown };
  const small = { id: 'mistral-small-2603', max_tokens: 2000 };
  expect(me).toMatchObject({
    object: 'governance.caller',
    caller: DEVELOPER,
    role: 'developer',
    workspace: 'dev-workspace',
    max_tokens_per_request: 2000,
    over_max_tokens: 'refuse',
    models: expect.arrayContaining([{ ...small, endpoints: ['/v1/chat/completions'] }]),
  });
  const resets_at = '2026-07-01T00:00:00.000Z';
  expect(me.quotas).toEqual([
    { unit: 'requests', window: 'minute', shared: true, limit: 60, left: 59, resets_at },
    { unit: 'budget', window: 'month', shared: true, left_percent: 99, resets_at },
    {
      ...{ unit: 'tokens', window: 'day', shared: false, resets_at },
      ...{ limit: 500_000, left: 500_000 - USAGE.total_tokens },
    },
  ]);
  expect(world.received).toHaveLength(1); // none of it is asked of Mistral
});

test('no header and no answer says how much money others spent', async () => {
  const world = await answered();
  const answer = await world.ask(CHAT);
  await answer.text();
  const text = await (await world.ask(undefined, ME)).text();
  const budgets = (JSON.parse(text).quotas as { unit: string }[]).filter(
    ({ unit }) => unit === 'budget',
  );
  for (const budget of budgets) {
    expect(Object.keys(budget).sort()).toEqual([
      'left_percent',
      'resets_at',
      'shared',
      'unit',
      'window',
    ]);
  }
});

test('each answer says what is left, with the request itself at its upper bound', async () => {
  const world = await answered();
  const answer = await world.ask(CHAT);
  const ours = Object.fromEntries(
    [...answer.headers].filter(([name]) => name.startsWith('x-governance-remaining')),
  );
  const tokens = Number(ours['x-governance-remaining-tokens-day']);
  expect(ours).toEqual({
    'x-governance-remaining-req-minute': '59',
    'x-governance-remaining-budget-percent': '99',
    'x-governance-remaining-tokens-day': expect.stringMatching(/^\d+$/),
  });
  expect(tokens).toBeLessThan(500_000 - 2000); // max_tokens of the role
  expect(tokens).toBeGreaterThan(490_000);
});

test('so does a refusal for want of quota', async () => {
  const world = await answered();
  world.quotas.limits.set('workspace#dev-workspace requests minute', 0);
  const refused = await world.ask(CHAT);
  expect(refused.status).toBe(402);
  expect(refused.headers.get('x-governance-remaining-req-minute')).toBe('60');
});

test('an unlimited role has no tokens that could be left', async () => {
  const world = await answered();
  const answer = await world.ask(CHAT, { caller: session('platform-admin') });
  expect(answer.headers.get('x-governance-remaining-tokens-day')).toBeNull();
});

test.each([
  ['no identity', undefined],
  ['an identity that the policy does not name', session('stranger')],
])('%s gets no standing', async (_, caller) => {
  const world = await answered();
  const answer = await world.ask(undefined, { ...ME, caller });
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ code: 'unknown_caller' });
});

test('counters that do not answer are a clear error', async () => {
  const readLeft = () => Promise.reject(new Error('no'));
  const world = await gatewayWorld(() => {}, undefined, {
    quotas: { left: () => [], readLeft },
  });
  const answer = await world.ask(undefined, ME);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'quota_unavailable' });
  expect(answer.headers.get('retry-after')).toBe('1');
});

test('a model that Mistral does not serve and one that is forbidden are answered alike', async () => {
  const world = await answered();
  const answerOf = async (name: string, options = {}) => {
    const answer = await world.ask({ ...CHAT, model: name }, options);
    return { status: answer.status, text: (await answer.text()).replaceAll(name, 'NAME') };
  };
  const get = (name: string) => answerOf(name, { path: `/v1/models/${name}`, method: 'GET' });
  expect(await get('ft:mistral-small:no-such')).toEqual(await get('mistral-large-2512'));
  expect(await answerOf('ft:mistral-small:no-such')).toEqual(await answerOf('mistral-large-2512'));
});

test('a listed model says where it can be used here, and up to which max_tokens', async () => {
  const world = await answered();
  const list = await world.ask(undefined, { path: '/v1/models', method: 'GET' });
  const { data } = (await list.json()) as { data: { id: string; governance: unknown }[] };
  expect(data.map(({ governance }) => governance)).toContainEqual({
    endpoints: ['/v1/chat/completions'],
    max_tokens: 2000,
  });
});
