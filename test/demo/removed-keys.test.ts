import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { createdKeyName } from '../../governance/policy/key-name.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { LocalDynamo } from '../../testing/dynamo.js';
import { createKeyCopy } from '../../testing/service.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { newTableForEach } from '../support/table.js';

const SECRET = 'mistral/dev-workspace/dev-team-key';
const START = new Date('2026-08-15T09:00:00Z');
const full = aPolicy();
/** One workspace, with a key of its own and one of the gateway. */
const small = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});
const definition = definitionFor(full);
const day = (count: number) => new Date(START.getTime() + count * 86_400_000);

let dynamo: LocalDynamo;
let table = '';
let world: World;

newTableForEach((local, name) => {
  dynamo = local;
  table = name;
});

/** A deploy of the day before, with every key in use. */
async function deployed(policy: Policy): Promise<void> {
  world = await createWorld({
    policy,
    definition,
    dynamo,
    tableName: table,
    start: START,
    youngSeconds: 0,
    log: silentLog,
  });
  await world.provision();
  await world.clock.playUntil(day(1));
}
afterEach(() => world.close());

const without: Policy = {
  ...small,
  workspaces: small.workspaces.map((workspace) => ({ ...workspace, keys: [] })),
};

function keysOf(secretStart: string): string[] {
  return world.secrets
    .all()
    .filter(({ name }) => name.startsWith(secretStart))
    .flatMap(({ versions }) => [...versions.values()])
    .flatMap(({ value }) => (value === undefined ? [] : [JSON.parse(value).keyId]));
}

function atMistral(keyIds: readonly string[]): string[] {
  return world.mistral.keys.all().flatMap(({ id }) => (keyIds.includes(id) ? [id] : []));
}

async function orphans(): Promise<readonly string[]> {
  const { findings } = await world.audit();
  return findings.filter(({ type }) => type === 'orphaned').map(({ subject }) => subject);
}

function subjects(): string[] {
  return world.inbox.messages.map(({ subject }) => subject).filter((text) => !/audit/i.test(text));
}

/** Deploys, and checks that the keys are at Mistral, and no orphans, until they are revoked. */
async function revokedBy(changed: Policy, keyIds: readonly string[]): Promise<void> {
  await world.deploy(changed);
  await world.clock.playUntil(day(1.2));
  expect(atMistral(keyIds)).toEqual(keyIds);
  expect(await orphans()).toEqual([]);
  await world.clock.playUntil(day(5));
  expect(atMistral(keyIds)).toEqual([]);
  expect(await orphans()).toEqual([]);
}

test('a key that leaves the policy is revoked once it is unused, with an alert; its secret stays', async () => {
  await deployed(small);
  await revokedBy(without, keysOf(SECRET));
  expect(subjects().at(-1)).toContain(`Revoked removed key of ${SECRET}`);
  expect(world.secrets.valueAt(SECRET, 'AWSCURRENT')).toBeDefined();
  expect(world.executions.all().map(({ status }) => status)).toEqual(['SUCCEEDED']);
});

test('a removed key still in use is kept, with alerts ever further apart, until it is unused', async () => {
  await deployed(small);
  const [keyId = ''] = keysOf(SECRET);
  const plaintext = world.mistral.keys.made.find(({ id }) => id === keyId)?.plaintext ?? '';
  const user = createKeyCopy(world.url, new ApiKey(plaintext));
  for (let at = 1.5; at < 5; at += 1) world.clock.at(day(at), async () => void (await user.work()));
  await world.deploy(without);
  await world.clock.playUntil(day(5));
  expect(atMistral([keyId])).toEqual([keyId]);
  expect(subjects().filter((subject) => subject.includes('is still in use')).length).toBe(2);
  await world.clock.playUntil(day(8));
  expect(atMistral([keyId])).toEqual([]);
});

test('a key that returns to the policy before it is revoked stays current, and can be removed again', async () => {
  await deployed(small);
  const keyIds = keysOf(SECRET);
  await world.deploy(without);
  await world.clock.playUntil(day(1.2));
  await world.deploy(small);
  await world.clock.playUntil(day(5));
  expect(atMistral(keyIds)).toEqual(keyIds);
  expect(subjects().at(-1)).toContain('was undone');
  expect(await orphans()).toEqual([]);

  await world.deploy(without);
  await world.clock.playUntil(day(9));
  expect(atMistral(keyIds)).toEqual([]);
});

test('all keys of a workspace that leaves the policy are revoked', async () => {
  await deployed(full);
  const changed = aPolicy((document) => {
    const stays = (name: string) => name !== 'prod-workspace';
    document.workspaces = document.workspaces.filter((one: { name: string }) => stays(one.name));
    document.callers = document.callers.filter((one: { workspace: string }) =>
      stays(one.workspace),
    );
    for (const workspace of document.workspaces) workspace.overflowTo = [];
  });
  const keyIds = keysOf('mistral/prod-workspace/');
  expect(keyIds).toHaveLength(3);
  await revokedBy(changed, keyIds);
});

test("the gateway's own keys are revoked when it is switched off", async () => {
  await deployed(full);
  const changed = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  const keyIds = full.workspaces.flatMap(({ name }) => keysOf(`mistral/${name}/gateway`));
  expect(keyIds).toHaveLength(3);
  await revokedBy(changed, keyIds);
});

test('a pending key of a removed secret is revoked too', async () => {
  await deployed(small);
  const versionId = randomUUID();
  const [workspace] = small.workspaces;
  const { id, plaintext } = world.mistral.keys.create({
    name: createdKeyName('dev-team-key', '2026-08-16', versionId),
    workspaceId: workspace?.id ?? '',
    userId: workspace?.ownerUserId ?? '',
  });
  const value = JSON.parse(world.secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}');
  world.secrets.operations.PutSecretValue?.({
    SecretId: SECRET,
    ClientRequestToken: versionId,
    SecretString: JSON.stringify({ ...value, keyId: id, apiKey: plaintext }),
    VersionStages: ['AWSPENDING'],
  });
  expect(keysOf(SECRET)).toHaveLength(2);
  await revokedBy(without, keysOf(SECRET));
});

test('the key of a secret that was deleted at once is left to the audit', async () => {
  await deployed(small);
  const [keyId = ''] = keysOf(SECRET);
  world.secrets.delete(SECRET);
  await world.deploy(without);
  await world.clock.playUntil(day(5));
  expect(atMistral([keyId])).toEqual([keyId]);
  expect(await orphans()).toHaveLength(1);
});
