import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { type HttpAnswer, jsonAnswer } from '../../testing/fakes/http-server.js';
import { callInProcess } from '../../testing/in-process.js';
import type { Interceptor } from '../../testing/network.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';

const SECRET = 'mistral/dev-workspace/dev-team-key';
const START = new Date('2026-08-15T09:00:00Z');
const dayOf = (day: number) => new Date(START.getTime() + day * 86_400_000);
const policy = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

const definition = definitionFor(policy);

let dynamo: LocalDynamo;
let worlds = 0;
/** What the Admin API answers instead of the fake; `undefined` lets each call pass. */
let instead: ((call: string) => HttpAnswer | undefined) | undefined;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());
beforeEach(() => {
  instead = undefined;
});

async function aWorld(): Promise<World> {
  const intercept: Interceptor = async (call, effect) =>
    (call.startsWith('mistral') && call.includes('/v1/admin/') ? instead?.(call) : undefined) ??
    effect();
  worlds += 1;
  const tableName = `records-${worlds}`;
  await dynamo.createTable(tableName);
  const world = await createWorld({
    ...{ policy, definition, dynamo, tableName, intercept },
    start: START,
    log: silentLog,
    connect: callInProcess,
  });
  onTestFinished(() => world.close());
  await world.provision();
  await world.clock.playUntil(dayOf(1));
  return world;
}

function currentKeyOf({ secrets }: World): string {
  return JSON.parse(secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}').keyId;
}

const html: HttpAnswer = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Maintenance</title>',
};
const truncated: HttpAnswer = { status: 200, body: '{"keys":[{"key_id":"k1","na' };
const rejection = jsonAnswer(401, { detail: 'Unauthorized' });

test.each<[string, HttpAnswer, RegExp]>([
  ['answers HTML', html, /HTML instead of JSON/],
  ['answers truncated JSON', truncated, /broken JSON/],
  [
    'rejects the admin key',
    rejection,
    /rejects the Admin API key in secret mistral\/admin-api-key/,
  ],
])(
  'an Admin API that %s stops rotation and audit, changes no key, and both go on afterwards',
  async (...row) => {
    const [, answer, message] = row;
    const world = await aWorld();
    const before = currentKeyOf(world);

    instead = () => answer;
    await world.rotate(SECRET);
    await world.clock.playUntil(dayOf(2));
    expect(currentKeyOf(world)).toBe(before);
    expect(world.mistral.keys.isAccepted(before)).toBe(true);
    expect(world.mistral.keys.made).toHaveLength(1);
    await expect(world.audit()).rejects.toThrow(message);

    instead = undefined;
    // Secrets Manager resumes the rotation that it could not complete.
    await expect(world.rotate(SECRET)).rejects.toThrow("previous rotation isn't complete");
    await world.clock.playUntil(dayOf(8));
    const after = currentKeyOf(world);
    expect(after).not.toBe(before);
    expect(world.mistral.keys.isAccepted(after)).toBe(true);
    expect(world.mistral.keys.isAccepted(before)).toBe(false);
    expect((await world.audit()).keys).toBe(1);
  },
);

test('an audit reads an Admin API that sends 100,000 keys as one page', async () => {
  const world = await aWorld();
  const rows = Array.from({ length: 100_000 }, (_, i) => ({
    key_id: `key-${i}`,
    key: null,
    name: `user-${i}`,
    created_at: '2026-08-01T00:00:00Z',
    expiration_date: null,
    workspace_id: policy.workspaces[0]?.id,
    last_used: '2026-08-15',
  }));
  const pages = [jsonAnswer(200, { keys: rows }), jsonAnswer(200, { keys: rows.slice(-1) })];
  instead = (call) => {
    if (call !== 'mistral GET /v1/admin/api-keys') return undefined;
    return pages.length > 1 ? pages.shift() : pages[0];
  };
  const summary = await world.audit();
  expect(summary).toMatchObject({ keys: 100_000 });
});
