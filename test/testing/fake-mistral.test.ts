import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import { type HttpServer, serveHttp } from '../../testing/fakes/http-server.js';
import { createFakeKeys, type FakeKeys } from '../../testing/fakes/mistral-keys.js';
import {
  createFakeMistral,
  FAKE_MODELS,
  type FakeMistral,
} from '../../testing/fakes/mistral-server.js';
import {
  CreatedKeySchema,
  CreatedWorkspaceSchema,
  DeletedKeySchema,
  KeyListSchema,
  ModelListSchema,
  RateLimitSchema,
  SpendLimitSchema,
  UsageSchema,
  ValidationErrorSchema,
  WorkspacePageSchema,
} from '../support/mistral-api.js';

const ADMIN_KEY = 'AdminKeyOfTheFakeAdminKeyOfFake1';
const WORKSPACE = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
const USER = '0b6e7a52-1c1f-4f7e-8a51-1f0e6f2b9c11';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const workspaces = Array.from({ length: 30 }, (_, i) => ({
  id: i === 0 ? WORKSPACE : UNKNOWN.replace(/..$/, String(i + 10)),
  name: `team-${i}`,
}));

let keys: FakeKeys;
let mistral: FakeMistral;
let server: HttpServer;
let today: Date;

beforeAll(async () => {
  server = await serveHttp((call) => mistral.answer(call));
});
afterAll(() => server.close());
beforeEach(() => {
  today = new Date('2026-11-24T10:00:00Z');
  keys = createFakeKeys({ now: () => today });
  const organization = {
    workspaces,
    requestsPerSecond: 7,
    monthlyLimitReached: false,
    monthlyLimitUsd: 5000,
    models: FAKE_MODELS,
  };
  mistral = createFakeMistral(keys, organization, ADMIN_KEY, () => today);
});

interface Sent {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function send(request: string, { body, headers = { 'x-api-key': ADMIN_KEY } }: Sent = {}) {
  const [method, path] = request.split(' ');
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers,
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

async function answerTo<T>(schema: z.ZodType<T>, request: string, sent: Sent = {}): Promise<T> {
  const { status, body } = await send(request, sent);
  expect(status).toBe(200);
  return schema.parse(body);
}

const create = (change: object = {}) =>
  answerTo(CreatedKeySchema, 'POST /v1/admin/api-keys', {
    body: { workspace_uuid: WORKSPACE, user_id: USER, ...change },
  });
const list = async (query = '') =>
  (await answerTo(KeyListSchema, `GET /v1/admin/api-keys${query}`)).keys;

const ENDPOINTS = [
  'GET /v1/admin/api-keys',
  'POST /v1/admin/api-keys',
  `DELETE /v1/admin/api-keys/${UNKNOWN}`,
  'GET /v1/admin/workspaces',
  'POST /v1/admin/workspaces',
  'GET /v1/admin/rate-limit',
  'GET /v1/admin/spend-limit',
  'POST /v1/admin/spend-limit',
  'GET /v1/admin/usage',
];

describe('the admin key', () => {
  test.each(ENDPOINTS)('is required by %s', async (request) => {
    for (const headers of [
      {},
      { 'x-api-key': 'wrong' },
      { authorization: 'Bearer wrong' },
      { authorization: ADMIN_KEY.slice(1) },
    ]) {
      const answer = await send(request, { headers: headers as Record<string, string> });
      expect(answer).toEqual({ status: 401, body: { detail: 'Unauthorized' } });
    }
  });

  test.each([
    ['x-api-key', { 'x-api-key': ADMIN_KEY }],
    ['bearer', { authorization: `Bearer ${ADMIN_KEY}` }],
    ['both', { 'x-api-key': ADMIN_KEY, authorization: `Bearer ${ADMIN_KEY}` }],
  ])('is accepted as %s', async (_name, headers) => {
    await answerTo(KeyListSchema, 'GET /v1/admin/api-keys', { headers });
  });

  test('is not a key for the models, nor is a workspace key one for the Admin API', async () => {
    const { key } = await create();
    const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });
    expect((await send('GET /v1/models', bearer(ADMIN_KEY))).status).toBe(401);
    expect((await send('GET /v1/admin/api-keys', bearer(key))).status).toBe(401);
  });
});

describe('keys', () => {
  test('are shown once, when they are created', async () => {
    const made = await create({ name: 'prod', expiration: '2027-03-10' });
    expect(made).toMatchObject({
      name: 'prod',
      created_at: '2026-11-24T10:00:00.000Z',
      expiration_date: '2027-03-10',
      hidden_key: `${made.key.slice(0, 4)}...${made.key.slice(-4)}`,
    });
    const { key: _shownOnce, ...rest } = made;
    expect(await list()).toEqual([
      {
        ...rest,
        key: null,
        workspace_id: WORKSPACE,
        workspace_name: 'team-0',
        created_by: USER,
        product: 'API',
        last_used: null,
        can_delete: true,
      },
    ]);
    expect(JSON.stringify(await list())).not.toContain(made.key);
  });

  test('need neither name nor expiry', async () => {
    expect(await create()).toMatchObject({ name: null, expiration_date: null });
    expect(await create({ name: null, expiration: null })).toMatchObject({ name: null });
    expect(await list()).toHaveLength(2);
  });

  test('are listed in pages of 100 unless asked otherwise, past the end none', async () => {
    for (let i = 0; i < 205; i += 1) {
      keys.create({ name: `k${i}`, workspaceId: WORKSPACE, userId: USER });
    }
    const namesOf = async (query: string) => (await list(query)).map(({ name }) => name);
    expect(await list()).toHaveLength(100);
    expect(await namesOf('?limit=2&offset=3')).toEqual(['k3', 'k4']);
    expect(await list('?limit=100&offset=200')).toHaveLength(5);
    expect(await list('?limit=1000')).toHaveLength(205);
    expect(await list('?offset=205')).toEqual([]);
  });

  test('are found by a part of their name in any case, with or without accents, and by their last characters', async () => {
    const { key } = await create({ name: 'Équipe Recherche' });
    await create({ name: 'checkout' });
    const namesOf = async (name: string) =>
      (await list(`?name=${encodeURIComponent(name)}`)).map((found) => found.name);
    expect(await namesOf('equipe')).toEqual(['Équipe Recherche']);
    expect(await namesOf('ÉQUIPE')).toEqual(['Équipe Recherche']);
    expect(await namesOf('recherche')).toEqual(['Équipe Recherche']);
    expect(await namesOf(key.slice(-4).toLowerCase())).toEqual(['Équipe Recherche']);
    expect(await namesOf(key.slice(0, 4))).toEqual([]);
    expect(await namesOf('e')).toHaveLength(2);
  });

  test('are deleted once', async () => {
    const { key_id } = await create();
    const request = `DELETE /v1/admin/api-keys/${key_id}`;
    expect(await answerTo(DeletedKeySchema, request)).toEqual({
      detail: 'API key deleted successfully',
    });
    expect((await send(request)).status).toBe(404);
    expect(await list()).toEqual([]);
  });

  test('are not created in an unknown workspace', async () => {
    const body = { workspace_uuid: UNKNOWN, user_id: USER };
    expect((await send('POST /v1/admin/api-keys', { body })).status).toBe(404);
    expect(keys.made).toEqual([]);
  });

  const good = { workspace_uuid: WORKSPACE, user_id: USER };
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['broken JSON', '{"name":'],
    ['a list', [good]],
    ['no workspace', { user_id: USER }],
    ['no user', { workspace_uuid: WORKSPACE }],
    ['a workspace that is not an id', { ...good, workspace_uuid: 'team-0' }],
    ['a user that is not an id', { ...good, user_id: 'alice@example.com' }],
    ['a name that is too long', { ...good, name: 'x'.repeat(256) }],
    ['a name that is a number', { ...good, name: 7 }],
    ['a time where a day belongs', { ...good, expiration: '2027-03-10T00:00:00Z' }],
    ['a day that does not exist', { ...good, expiration: '2027-02-30' }],
  ])('are not created from %s', async (_name, body) => {
    const answer = await send('POST /v1/admin/api-keys', { body });
    expect(answer.status).toBe(422);
    ValidationErrorSchema.parse(answer.body);
    expect(keys.made).toEqual([]);
  });

  test.each([
    'GET /v1/admin/api-keys?limit=many',
    'GET /v1/admin/api-keys?offset=-1',
    'DELETE /v1/admin/api-keys/no-id',
    'GET /v1/admin/workspaces?page=0',
    'GET /v1/admin/workspaces?page_size=0',
    'GET /v1/admin/usage?workspace_id=team-0',
    'GET /v1/admin/usage?month=13',
  ])('and other calls reject a wrong value: %s', async (request) => {
    const answer = await send(request);
    expect(answer.status).toBe(422);
    ValidationErrorSchema.parse(answer.body);
  });
});

describe('the organization', () => {
  test('lists its workspaces in pages, with one default', async () => {
    const page = (query = '') => answerTo(WorkspacePageSchema, `GET /v1/admin/workspaces${query}`);
    const first = await page();
    expect(first).toMatchObject({ total: 30, page: 1, page_size: 25 });
    expect(first.items).toHaveLength(25);
    const second = await page('?page=2');
    expect(second).toMatchObject({ total: 30, page: 2 });
    expect([...first.items, ...second.items].map(({ uuid }) => uuid)).toEqual(
      workspaces.map(({ id }) => id),
    );
    const defaults = [...first.items, ...second.items].filter(({ is_default }) => is_default);
    expect(defaults.map(({ uuid }) => uuid)).toEqual([WORKSPACE]);
    expect((await page('?page=3')).items).toEqual([]);
    const found = await page('?search=team-29&page_size=5');
    expect(found).toMatchObject({ total: 1, page_size: 5, items: [{ name: 'team-29' }] });
    expect(found.items[0]?.is_default).toBe(false);
  });

  test('takes new workspaces, also under a name in use', async () => {
    const body = { name: 'team-1', admin_user_id: USER };
    const made = await answerTo(CreatedWorkspaceSchema, 'POST /v1/admin/workspaces', { body });
    expect(made).toMatchObject({ name: 'team-1', description: '', is_default: false });
    const { items } = await answerTo(WorkspacePageSchema, 'GET /v1/admin/workspaces?page=2');
    expect(items.at(-1)?.uuid).toBe(made.uuid);
    await create({ workspace_uuid: made.uuid });
  });

  test.each([
    { name: 'x' },
    { admin_user_id: USER },
    { name: 'x'.repeat(256), admin_user_id: USER },
    { name: 'x', admin_user_id: 'alice' },
  ])('rejects a new workspace of %j', async (body) => {
    expect((await send('POST /v1/admin/workspaces', { body })).status).toBe(422);
  });

  test('has a rate limit', async () => {
    const limits = await answerTo(RateLimitSchema, 'GET /v1/admin/rate-limit');
    expect(limits.requests_per_second).toBe(7);
  });

  test('has a spend limit that can be changed and lifted', async () => {
    const set = async (body: object) => {
      const answer = await answerTo(SpendLimitSchema, 'POST /v1/admin/spend-limit', { body });
      expect(await answerTo(SpendLimitSchema, 'GET /v1/admin/spend-limit')).toEqual(answer);
      return answer.limits.completion;
    };
    const { limits } = await answerTo(SpendLimitSchema, 'GET /v1/admin/spend-limit');
    expect(limits.completion).toMatchObject({ usage_limit: 5000, no_monthly_limit: false });
    expect(await set({ amount: 800 })).toMatchObject({ usage_limit: 800, no_monthly_limit: false });
    expect(await set({ amount: 800, no_monthly_limit: true })).toMatchObject({
      no_monthly_limit: true,
    });
    expect(await set({ amount: 900 })).toMatchObject({ usage_limit: 900, no_monthly_limit: false });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['no amount', {}],
    ['an amount in cents', { amount: 10.5 }],
    ['an amount in words', { amount: '800' }],
    ['a switch in words', { amount: 800, no_monthly_limit: 'yes' }],
  ])('rejects a spend limit of %s', async (_name, body) => {
    const answer = await send('POST /v1/admin/spend-limit', { body });
    expect(answer.status).toBe(422);
    ValidationErrorSchema.parse(answer.body);
    expect(mistral.organization.monthlyLimitUsd).toBe(5000);
  });

  test.each([
    ['', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['?year=2025&month=12', '2025-12-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
    [`?month=2&workspace_id=${WORKSPACE}`, '2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
  ])('reports the usage of a month: %s', async (query, start_date, end_date) => {
    const usage = await answerTo(UsageSchema, `GET /v1/admin/usage${query}`);
    expect(usage).toMatchObject({ start_date, end_date, currency: 'USD' });
  });
});

describe('models', () => {
  const models = (key: string) =>
    send('GET /v1/models', { headers: { authorization: `Bearer ${key}` } });

  test('are listed with their aliases to a key, which counts as its use', async () => {
    const { key } = await create();
    const { data } = ModelListSchema.parse((await models(key)).body);
    expect(data.map(({ id, aliases }) => ({ id, aliases }))).toEqual(FAKE_MODELS);
    expect((await list())[0]?.last_used).toBe('2026-11-24');
  });

  test('say when they are deprecated', async () => {
    const deprecation = '2027-01-31T12:00:00Z';
    mistral.organization.models = [{ id: 'mistral-old', aliases: [], deprecation }];
    const { key } = await create();
    const { data } = ModelListSchema.parse((await models(key)).body);
    expect(data).toMatchObject([{ id: 'mistral-old', deprecation }]);
  });

  test('are not listed to a key that is deleted, expired, unknown or over the limit, all with the same answer', async () => {
    const rejection = { status: 401, body: { detail: 'Unauthorized' } };
    const { key, key_id } = await create();
    const { key: expiring } = await create({ expiration: '2026-11-24' });
    expect((await models(expiring)).status).toBe(200);
    today = new Date('2026-11-25T00:00:00Z');
    expect(await models(expiring)).toEqual(rejection);
    expect(await models('unknownKeyUnknownKeyUnknownKey01')).toEqual(rejection);
    mistral.organization.monthlyLimitReached = true;
    expect(await models(key)).toEqual(rejection);
    mistral.organization.monthlyLimitReached = false;
    expect((await models(key)).status).toBe(200);
    await answerTo(DeletedKeySchema, `DELETE /v1/admin/api-keys/${key_id}`);
    expect(await models(key)).toEqual(rejection);
  });
});

test.each(['GET /v1/admin/nothing', 'PUT /v1/admin/api-keys', 'DELETE /v1/admin/workspaces'])(
  'there is no %s',
  async (request) => expect((await send(request)).status).toBe(404),
);

describe('requests', () => {
  const ask = async (path: string, body: object) => {
    const { key } = await create();
    return send(`POST ${path}`, { headers: { authorization: `Bearer ${key}` }, body });
  };
  const MESSAGES = [{ role: 'user', content: 'hello' }];
  const CHAT = { model: 'mistral-small-latest', messages: MESSAGES };

  test.each([
    ['/v1/chat/completions', { ...CHAT, seed: null }, ['body', 'seed']],
    [
      '/v1/chat/completions',
      { ...CHAT, messages: [{ ...MESSAGES[0], name: 'me' }] },
      ['body', 'messages', 0, 'name'],
    ],
    ['/v1/fim/completions', { model: 'codestral-latest', prompt: 'a', n: 2 }, ['body', 'n']],
    ['/v1/embeddings', { model: 'mistral-embed', input: 'a', user: 'me' }, ['body', 'user']],
  ])('to %s are rejected for a field that Mistral does not have: %j', async (path, body, loc) => {
    const { status, body: answer } = await ask(path, body);
    expect(status).toBe(422);
    expect(answer).toMatchObject({ detail: [{ type: 'extra_forbidden', loc }] });
  });

  const SCHEMA = {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } },
  };

  test('are answered as their schema asks', async () => {
    const json_schema = { name: 'weather', schema: SCHEMA };
    const response_format = { type: 'json_schema', json_schema };
    const { body } = await ask('/v1/chat/completions', { ...CHAT, response_format });
    const content = '{"city":"word","days":[7]}';
    expect(body).toMatchObject({ choices: [{ message: { content }, finish_reason: 'stop' }] });
  });

  test('with tools call the first, until one has answered', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: SCHEMA } }];
    const first = await ask('/v1/chat/completions', { ...CHAT, tools });
    const call = { name: 'weather', arguments: '{"city":"word","days":[7]}' };
    const tool_calls = [{ type: 'function', function: call }];
    expect(first.body).toMatchObject({
      choices: [{ message: { tool_calls }, finish_reason: 'tool_calls' }],
    });
    const messages = [...MESSAGES, { role: 'tool', content: 'sunny', tool_call_id: 'fakecall1' }];
    const last = await ask('/v1/chat/completions', { ...CHAT, tools, messages });
    expect(last.body).toMatchObject({ choices: [{ message: { content: 'word word word' } }] });
  });

  test('for embeddings are answered in base64 where they ask for it', async () => {
    const asked = { model: 'mistral-embed', input: ['a'], encoding_format: 'base64' };
    const { body } = await ask('/v1/embeddings', asked);
    const embedding = Buffer.from(Float32Array.of(0.5, -0.5).buffer).toString('base64');
    expect(body).toMatchObject({ data: [{ embedding }] });
  });
});
