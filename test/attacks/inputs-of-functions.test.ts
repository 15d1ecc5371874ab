import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { firstCheckAt } from '../../governance/keys/retirement.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { callInProcess } from '../../testing/in-process.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';

/** Each principal that may start the flow, invoke a function or store a secret writes what these read. */
const policy = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 2);
  document.callers = [];
});
const [OWN = '', OTHER = ''] = plannedKeys(policy).map(({ secretName }) => secretName);
const definition = definitionFor(policy);
const START = new Date('2026-08-15T09:00:00Z');
const PAST = '2026-01-01T00:00:00.000Z';
const AT_ONCE = { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'revoke' };

let dynamo: LocalDynamo;
let tables = 0;
let world: World;
/** Made by hand, in no secret: another team's. */
let foreign: string;

beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

beforeEach(async () => {
  const tableName = `attacked-${tables++}`;
  await dynamo.createTable(tableName);
  world = await createWorld({
    policy,
    definition,
    dynamo,
    tableName,
    start: START,
    connect: callInProcess,
    log: silentLog,
  });
  const [, other] = policy.workspaces;
  const made = { workspaceId: other?.id ?? '', userId: other?.ownerUserId ?? '' };
  foreign = world.mistral.keys.create({ name: 'of-another-team', ...made }).id;
  await world.provision();
  await world.clock.playUntil(later(1));
  await world.rotate(OWN);
});
afterEach(() => world.close());

function later(hours: number): Date {
  return new Date(world.clock.now().getTime() + hours * 3_600_000);
}

/** Ids by what they name; `previous` was replaced an hour ago and is used. */
function ids() {
  const held = (secret: string, stage: string) => {
    const value = world.secrets.valueAt(secret, stage);
    if (value === undefined) throw new Error(`${secret} has nothing at ${stage}`);
    const version = [...world.secrets.find(secret).versions.values()].find(({ stages }) =>
      stages.has(stage),
    );
    return { keyId: JSON.parse(value).keyId as string, versionId: version?.id ?? '' };
  };
  return {
    current: held(OWN, 'AWSCURRENT'),
    previous: held(OWN, 'AWSPREVIOUS'),
    other: held(OTHER, 'AWSCURRENT'),
  };
}

/** What an honest rotation starts its flow with. */
function honest() {
  const { current, previous } = ids();
  return {
    reason: 'replaced',
    secretId: world.secrets.find(OWN).arn,
    secretName: OWN,
    workspace: policy.workspaces[0]?.name,
    oldKeyId: previous.keyId,
    oldVersionId: previous.versionId,
    newKeyId: current.keyId,
    newVersionId: current.versionId,
    promotedAt: PAST,
    checkAt: PAST,
    rules: AT_ONCE,
  };
}

type Attack = readonly [name: string, input: () => object];

/** Everything that an id, a secret, a version and a rule can be made to say. */
const ATTACKS: readonly Attack[] = [
  ['a key of another team', () => ({ oldKeyId: foreign })],
  ['a key of another secret', () => ({ oldKeyId: ids().other.keyId })],
  ['the current key', () => ({ oldKeyId: ids().current.keyId })],
  [
    'the current key, and its own version',
    () => ({ oldKeyId: ids().current.keyId, oldVersionId: ids().current.versionId }),
  ],
  [
    'the current key as one that left the policy',
    () => ({
      reason: 'removed',
      oldKeyId: ids().current.keyId,
      oldVersionId: ids().current.versionId,
    }),
  ],
  [
    'the current key under the name of a secret that no policy has',
    () => ({
      secretName: 'mistral/none/none',
      oldKeyId: ids().current.keyId,
      oldVersionId: ids().current.versionId,
    }),
  ],
  [
    'the current key of another secret, as if it were of this one',
    () => ({
      secretId: world.secrets.find(OTHER).arn,
      oldKeyId: ids().other.keyId,
      oldVersionId: ids().other.versionId,
    }),
  ],
  [
    'a key of another team under a secret that does not exist',
    () => ({ secretId: 'arn:aws:x', secretName: 'mistral/none/none', oldKeyId: foreign }),
  ],
  [
    'a key of another team in a secret of the attacker',
    () => ({ ...planted(), oldKeyId: foreign, reason: 'removed' }),
  ],
  ['the previous key before its time, by rules of its own', () => ({})],
  ['the previous key, promoted long ago', () => ({ promotedAt: '2020-01-01T00:00:00.000Z' })],
];

function planted() {
  const secretName = 'mistral/dev-workspace/of-another-team';
  const { apiKey, ...rest } = JSON.parse(world.secrets.valueAt(OWN, 'AWSCURRENT') ?? '');
  const { arn, versions } = world.secrets.create(secretName, {
    value: JSON.stringify({ ...rest, apiKey, keyId: foreign }),
  });
  return { secretId: arn, secretName, oldVersionId: [...versions.keys()][0] ?? '' };
}

function keysAtMistral(): string[] {
  return world.mistral.keys
    .all()
    .map(({ id }) => id)
    .sort();
}

function use(keyId: string): void {
  const key = world.mistral.keys.all().find(({ id }) => id === keyId);
  world.mistral.keys.accept(key?.plaintext ?? '');
}

describe('no input of the retirement deletes', () => {
  test.each(ATTACKS)('%s, by the state machine', async (_, input) => {
    use(ids().previous.keyId);
    const event = { ...honest(), ...input() };
    const before = keysAtMistral();
    world.executions.operations.StartExecution?.({ name: 'attack', input: JSON.stringify(event) });
    await world.clock.playUntil(later(1));
    expect(keysAtMistral()).toEqual(before);
  });

  test.each(ATTACKS)('%s, by the function that revokes', async (_, input) => {
    use(ids().previous.keyId);
    const event = { ...honest(), ...input(), verdict: { kind: 'revoke', lastUsedOn: null } };
    const before = keysAtMistral();
    await world.functions.revokeKey(event).catch(() => {});
    expect(keysAtMistral()).toEqual(before);
  });

  test.each(ATTACKS.filter(([name]) => !name.startsWith('the previous')))(
    '%s, even if it says that an operator approved',
    async (_, input) => {
      const event = { ...honest(), ...input(), approved: true };
      const before = keysAtMistral();
      world.executions.operations.StartExecution?.({
        name: 'attack',
        input: JSON.stringify(event),
      });
      await world.clock.playUntil(later(1));
      await world.functions.revokeKey(event).catch(() => {});
      expect(keysAtMistral()).toEqual(before);
    },
  );

  test('but the previous key, once an operator approved', async () => {
    const { previous } = ids();
    use(previous.keyId);
    const input = JSON.stringify({ ...honest(), approved: true });
    world.executions.operations.StartExecution?.({ name: 'revoke-it', input });
    await world.clock.playUntil(later(1));
    expect(keysAtMistral()).not.toContain(previous.keyId);
  });
});

describe('where the policy revokes what is in use after its drain, no input brings that day forward', () => {
  const { rotation } = policy;
  beforeEach(() => Object.assign(rotation, { onDrainTimeout: 'revoke' }));
  afterEach(() => Object.assign(rotation, { onDrainTimeout: 'hold' }));

  test.each<Attack>([
    ['by a promotion long ago', () => ({})],
    ['of a new key that is not current', () => ({ newKeyId: foreign })],
    ['as of a key that left the policy', () => ({ reason: 'removed' })],
  ])('%s', async (_, input) => {
    const { previous } = ids();
    use(previous.keyId);
    const event = { ...honest(), ...input(), promotedAt: '2020-01-01T00:00:00.000Z' };
    await world.functions.revokeKey(event).catch(() => {});
    expect(keysAtMistral()).toContain(previous.keyId);
  });
});

describe('no execution that retires nothing hides a key from the audit', () => {
  const FAR = '2099-01-01T00:00:00.000Z';
  type Hiding = readonly [name: string, keyId: () => string, input: () => object];

  /** The honest flow is stopped, so that only the forged one says that the key retires. */
  async function audited(input: object | undefined): Promise<string[]> {
    for (const { arn: executionArn, status } of world.executions.all()) {
      if (status === 'RUNNING') world.executions.operations.StopExecution?.({ executionArn });
    }
    if (input) {
      const text = JSON.stringify({ ...honest(), ...input });
      world.executions.operations.StartExecution?.({ name: 'attack', input: text });
    }
    const { findings } = await world.audit();
    return findings
      .filter(({ type }) => type === 'orphaned' || type === 'unmanaged')
      .map(({ evidence }) => evidence.keyId ?? '');
  }

  test.each<Hiding>([
    ['that waits for ever', () => ids().previous.keyId, () => ({ checkAt: FAR })],
    ['of a promotion to come', () => ids().previous.keyId, () => ({ promotedAt: FAR })],
    [
      'of a version that holds another key',
      () => ids().previous.keyId,
      () => ({ oldVersionId: ids().current.versionId }),
    ],
    [
      'of a version that does not exist',
      () => ids().previous.keyId,
      () => ({ oldVersionId: `${ids().previous.versionId.slice(0, 8)}-of-the-attacker` }),
    ],
    [
      'of a secret that does not exist',
      () => ids().previous.keyId,
      () => ({ secretId: 'arn:aws:x', secretName: 'mistral/none/none' }),
    ],
    ['of a key of another team', () => foreign, () => ({ oldKeyId: foreign })],
    [
      'of a key of another team, in a secret of the attacker',
      () => foreign,
      () => ({ ...planted(), oldKeyId: foreign, reason: 'removed' }),
    ],
  ])('%s', async (_, keyId, input) => {
    const now = world.clock.now().toISOString();
    const victim = keyId();
    const hidden = await audited({ promotedAt: now, checkAt: now, ...input() });
    expect(hidden).toContain(victim);
  });

  test('but one that does retire the key keeps it out of the findings', async () => {
    const { keyId } = ids().previous;
    const now = world.clock.now();
    const checkAt = firstCheckAt(now, policy.rotation);
    expect(await audited({ promotedAt: now.toISOString(), checkAt })).not.toContain(keyId);
    expect(await audited(undefined)).toContain(keyId);
  });
});

describe('no input of the rollback', () => {
  test.each<Attack>([
    ['deletes a key that works', () => ({})],
    ['deletes a key of another team', () => ({ newKeyId: foreign })],
    ['deletes a key of another secret', () => ({ newKeyId: ids().other.keyId })],
    [
      'moves the label of a secret back, with the versions swapped',
      () => ({
        oldKeyId: ids().current.keyId,
        oldVersionId: ids().current.versionId,
        newKeyId: ids().previous.keyId,
        newVersionId: ids().previous.versionId,
      }),
    ],
  ])('%s', async (_, input) => {
    const event = { ...honest(), ...input(), verdict: { rejectedSince: PAST } };
    const before = { keys: keysAtMistral(), held: ids() };
    await world.functions.rollBackKey(event).catch(() => {});
    expect({ keys: keysAtMistral(), held: ids() }).toEqual(before);
  });
});

describe('no event of the rotation deletes', () => {
  const context = { getRemainingTimeInMillis: () => 900_000 };

  async function rotate(token: string, steps: readonly string[]): Promise<void> {
    const SecretId = world.secrets.find(OWN).arn;
    for (const Step of steps) {
      const event = { Step, SecretId, ClientRequestToken: token };
      await world.functions.keyRotation(event, context).catch(() => {});
    }
  }

  function pend(token: string, value: string | undefined): void {
    const stages = new Set(['AWSPENDING']);
    world.secrets
      .find(OWN)
      .versions.set(token, { id: token, createdAt: world.clock.now(), value, stages });
  }

  test('the current key, whose token the attacker takes the beginning of', async () => {
    const { current } = ids();
    const token = `${current.versionId.slice(0, 8)}-of-the-attacker-0000000000`;
    pend(token, undefined);
    await rotate(token, ['createSecret']);
    expect(keysAtMistral()).toContain(current.keyId);
  });

  test.each<readonly [string, () => string]>([
    ['a key of another team', () => foreign],
    ['the current key', () => ids().current.keyId],
    ['the current key of another secret', () => ids().other.keyId],
  ])('%s that a stored value names', async (_, victim) => {
    const keyId = victim();
    const value = JSON.parse(world.secrets.valueAt(OWN, 'AWSCURRENT') ?? '');
    const token = 'of-the-attacker-000000000000000000';
    pend(token, JSON.stringify({ ...value, apiKey: 'A'.repeat(32), keyId, createdAt: PAST }));
    await rotate(token, ['createSecret', 'testSecret']);
    expect(keysAtMistral()).toContain(keyId);
  });
});
