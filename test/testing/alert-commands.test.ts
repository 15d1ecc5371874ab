import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { gatewayKeyUnusable, gatewayUnauthorized } from '../../gateway/gateway-alerts.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { labelled } from '../../testing/fakes/secret-store.js';
import { createWorld, type WorldOptions } from '../../testing/world.js';
import { isLocal, openBash, stepsOf } from '../support/alert-commands.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { OPERATOR_MODE, REPLACED, supply } from '../support/operator-stories.js';
import { dayOf, SECRET, START } from '../support/stories.js';

const HOUR_MS = 3_600_000;
let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());
let tables = 0;

const ONE_KEY = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});

/** A deployed system with one key, and on-call's shell in its account. */
async function openWorld(options: Partial<WorldOptions> = {}) {
  tables += 1;
  const tableName = `records-${tables}`;
  await dynamo.createTable(tableName);
  const policy = options.policy ?? ONE_KEY;
  const world = await createWorld({
    definition: definitionFor(policy),
    dynamo,
    tableName,
    start: START,
    youngSeconds: 0,
    log: silentLog,
    ...options,
    policy,
  });
  onTestFinished(() => world.close());
  const bash = openBash(world.url);
  const secret = () => world.secrets.find(SECRET);
  const operation = (name: string, input: object) =>
    world.secrets.operations[name]?.({ SecretId: SECRET, ...input });
  const versionAt = (stage: string) => labelled(secret(), stage)?.id;

  return {
    ...world,
    secret,
    operation,
    versionAt,
    pass: (hours: number) =>
      world.clock.playUntil(new Date(world.clock.now().getTime() + hours * HOUR_MS)),
    /** By hand: `aws secretsmanager update-secret-version-stage`. */
    move: (VersionStage: string, MoveToVersionId: string | undefined) =>
      operation('UpdateSecretVersionStage', {
        VersionStage,
        MoveToVersionId,
        RemoveFromVersionId: versionAt(VersionStage),
      }),
    /** In the console: another value. */
    paste: (SecretString: string) => operation('PutSecretValue', { SecretString }),
    currentKey: () => JSON.parse(labelled(secret(), 'AWSCURRENT')?.value ?? '{}'),
    lastAlert(title: string) {
      const sent = world.inbox.messages.filter(({ subject }) => subject.includes(title));
      const alert = sent.at(-1);
      if (!alert) throw new Error(`no alert says ${title}`);
      return alert;
    },
    /** Runs what can be run here, and lets happen what follows. Returns how many commands that were. */
    async follow(commands: readonly (string | undefined)[]): Promise<number> {
      const local = commands.filter((command) => command !== undefined).filter(isLocal);
      for (const command of local) {
        await bash(command);
        await world.clock.playUntil(world.clock.now());
      }
      return local.length;
    },
  };
}

type OpenWorld = Awaited<ReturnType<typeof openWorld>>;

/** A key of ours that works is current, and no label keeps the next rotation from starting. */
function expectHealthy(world: OpenWorld): void {
  const { keyId } = world.currentKey();
  expect(world.mistral.keys.isAccepted(keyId)).toBe(true);
  expect(world.versionAt('AWSPENDING')).toBeUndefined();
}

async function deployed(options: Partial<WorldOptions> = {}): Promise<OpenWorld> {
  const world = await openWorld(options);
  await world.provision();
  await world.clock.playUntil(dayOf(1));
  return world;
}

/** As an older version of this product, or a person, has left it. */
const leavePending = (world: OpenWorld, stage: string) =>
  world.move('AWSPENDING', world.versionAt(stage));

/** A rotation that has got no further than its first step. */
function beginAnother(world: OpenWorld): void {
  const stages = new Set(['AWSPENDING']);
  const version = { id: 'empty', createdAt: world.clock.now(), value: undefined, stages };
  world.secret().versions.set('empty', version);
}

describe('the command of an alert works in the state in which it is sent:', () => {
  test.each([
    ['as a rotation of ours ends', (_world: OpenWorld) => {}],
    ['with AWSPENDING left on it', (world: OpenWorld) => leavePending(world, 'AWSPREVIOUS')],
  ])('Previous key is current again, the newer one %s', async (_state, change) => {
    const world = await deployed();
    await world.rotate(SECRET);
    world.move('AWSCURRENT', world.versionAt('AWSPREVIOUS'));
    change(world);
    await world.pass(3 * 24);
    const before = world.versionAt('AWSCURRENT');
    expect(await world.follow(commandsOf(world, 'is current again'))).toBe(1);
    expect(world.versionAt('AWSCURRENT')).not.toBe(before);
    expectHealthy(world);
  });

  test.each([
    ['alone', (_world: OpenWorld) => {}],
    ['while another rotation is not finished', beginAnother],
  ])('Rolled back rotation, %s', async (_state, change) => {
    const world = await deployed();
    await world.rotate(SECRET);
    world.mistral.keys.breakKey(world.currentKey().keyId);
    change(world);
    await world.pass(3 * 24);
    const commands = commandsOf(world, 'Rolled back rotation');
    expect(await world.follow(commands)).toBe(1);
    expectHealthy(world);
  });

  test.each([
    ['alone', (_world: OpenWorld) => {}],
    ['while another rotation is not finished', beginAnother],
  ])('Mistral rejects both keys, %s', async (_state, change) => {
    const world = await deployed();
    const old = world.currentKey().keyId;
    await world.rotate(SECRET);
    for (const id of [old, world.currentKey().keyId]) world.mistral.keys.breakKey(id);
    change(world);
    await world.pass(3 * 24);
    expect(await world.follow(commandsOf(world, 'rejects both keys'))).toBe(1);
    expectHealthy(world);
  });

  test('Rotation failed: the new key was withdrawn', async () => {
    let works = true;
    const world = await deployed({ neverWorks: () => !works });
    works = false;
    world.requestRotation(SECRET);
    await world.pass(1);
    works = true;
    expect(await world.follow(commandsOf(world, 'failed (services not affected)'))).toBe(1);
    expectHealthy(world);
  });

  test('First key does not work', async () => {
    let works = false;
    const world = await deployed({ neverWorks: () => !works, firstVersion: 'value' });
    works = true;
    expect(await world.follow(commandsOf(world, 'First key of'))).toBe(1);
    expect(world.mistral.keys.isAccepted(world.currentKey().keyId)).toBe(true);
  });

  test('Approve revocation, also a day after an approval that failed', async () => {
    const world = await deployed();
    const old = world.currentKey();
    await world.rotate(SECRET);
    const useDaily = async () => void world.mistral.keys.accept(old.apiKey);
    for (let day = 1; day < 12; day += 1) world.clock.at(dayOf(1 + day), useDaily);
    await world.pass(9 * 24);
    const first = commandsOf(world, 'Approve revocation');
    const [command = ''] = first.flatMap((one) => one ?? []);
    const name = / --name (\S+)/.exec(command)?.[1] ?? '';
    // As if it had been approved, and that had failed: the name is taken for 90 days.
    world.executions.operations.StartExecution?.({ name, input: '{}' });
    await world.pass(24);
    expect(await world.follow(commandsOf(world, 'Approve revocation'))).toBe(1);
    await world.pass(1);
    expect(world.mistral.keys.all().map(({ id }) => id)).not.toContain(old.keyId);
  });

  test('Retirement failed: it is started again', async () => {
    let isBroken = true;
    const world = await deployed({
      intercept: (call, effect) =>
        isBroken && call.startsWith('mistral DELETE') ? Promise.resolve('broken') : effect(),
    });
    const old = world.currentKey();
    await world.rotate(SECRET);
    await world.pass(4 * 24);
    isBroken = false;
    expect(await world.follow(commandsOf(world, 'Retirement of the replaced key'))).toBe(2);
    await world.pass(24);
    expect(world.mistral.keys.all().map(({ id }) => id)).not.toContain(old.keyId);
  });

  test.each([
    ['its own retirement', false, 1],
    ['somebody in the console', true, 0],
  ])('Revoked removed key, by %s', async (_state, isGone, count) => {
    const world = await deployed();
    const { keyId } = world.currentKey();
    const workspaces = ONE_KEY.workspaces.map((one) => ({ ...one, keys: [] }));
    await world.deploy({ ...ONE_KEY, workspaces });
    if (isGone) {
      world.secrets.delete(SECRET);
      world.mistral.keys.delete(keyId);
    }
    await world.pass(4 * 24);
    expect(await world.follow(commandsOf(world, 'Revoked removed key'))).toBe(count);
    expect(() => world.secrets.find(SECRET)).toThrow(/can't find/);
  });

  test('Retirement of the removed key failed: its secret, which said whose it is, is deleted', async () => {
    const world = await deployed();
    const { keyId } = world.currentKey();
    const workspaces = ONE_KEY.workspaces.map((one) => ({ ...one, keys: [] }));
    await world.deploy({ ...ONE_KEY, workspaces });
    world.secrets.delete(SECRET);
    await world.pass(4 * 24);
    expect(world.mistral.keys.all().map(({ id }) => id)).toContain(keyId);
    expect(commandsOf(world, 'Retirement of the removed key')).not.toEqual([]);
    expect(world.executions.all().map(({ status }) => status)).toEqual(['FAILED']);
  });

  test.each([
    ['Mistral rejects its key', gatewayUnauthorized],
    ['its secret holds no usable key', gatewayKeyUnusable],
  ])('Gateway down: %s, whatever the labels are', async (_title, alertOf) => {
    for (const isStuck of [false, true]) {
      const world = await deployed();
      await world.rotate(SECRET);
      world.paste('not a key');
      if (isStuck) leavePending(world, 'AWSPREVIOUS');
      const { nextSteps } = alertOf('dev-workspace', 'admin-api', world.clock.now());
      // What says "if" is done only where it holds.
      const steps = nextSteps.filter(({ say }) => isStuck || !say.startsWith('If the labels'));
      const commands = steps.map(({ command }) => command?.replaceAll('/gateway', '/dev-team-key'));
      expect(await world.follow(commands)).toBe(isStuck ? 3 : 2);
      expectHealthy(world);
    }
  });

  test('Mistral rejects the current key, of a secret that has got a later key since', async () => {
    const { policy } = OPERATOR_MODE;
    const world = await openWorld({ policy });
    await world.provision();
    for (const [day, which] of ['first', 'second', 'third'].entries()) {
      await world.clock.playUntil(dayOf(1 + day / 4));
      await supply(world, REPLACED, which);
    }
    const [, second, third] = world.mistral.keys.made;
    world.mistral.keys.breakKey(third?.id ?? '');
    await world.pass(3 * 24);
    expect(await world.follow(commandsOf(world, 'Mistral rejects the current key'))).toBe(1);
    const { apiKey } = JSON.parse(world.secrets.valueAt(REPLACED, 'AWSCURRENT') ?? '{}');
    expect([world.mistral.keys.made[0]?.plaintext, second?.plaintext]).toContain(apiKey);
    expect(world.secrets.valueAt(REPLACED, 'AWSPENDING')).toBeUndefined();
  });

  test('Gateway down in operator mode: no rotation is advised, which there is none of', () => {
    for (const alertOf of [gatewayUnauthorized, gatewayKeyUnusable]) {
      const { nextSteps } = alertOf('dev-workspace', 'operator', START);
      const commands = nextSteps.map(({ command }) => command ?? '');
      expect(commands.join()).not.toContain('rotate-secret');
      expect(commands).toContain(
        'npx --no -- mistral-governance keys supply dev-workspace/gateway',
      );
    }
  });
});

function commandsOf(world: OpenWorld, title: string): readonly (string | undefined)[] {
  return stepsOf(world.lastAlert(title)).map(({ command }) => command);
}

/** The commands that the audit gives about the secret now, each once. */
async function commandsFound(world: OpenWorld): Promise<Map<string, string>> {
  const { findings } = await world.audit();
  return new Map(
    findings
      .filter(({ evidence }) => evidence.secret === SECRET)
      .map(({ type, nextCommand }) => [type, nextCommand]),
  );
}

describe('the command of a finding works in the state in which the audit sends it:', () => {
  type Change = (world: OpenWorld) => unknown;
  const HANDS: Readonly<Record<string, Change>> = {
    'nothing else': () => {},
    'AWSPENDING on the version before': (world) => leavePending(world, 'AWSPREVIOUS'),
    'AWSPENDING on an empty version': beginAnother,
  };
  const STATES: Readonly<Record<string, { type: string; change?: Change; until?: Date }>> = {
    'a value pasted in the console': {
      type: 'missing',
      change: (world) => world.paste('{"apiKey":"by-hand"}'),
    },
    'a key deleted in the console': {
      type: 'missing',
      change: (world) => world.mistral.keys.delete(world.currentKey().keyId),
    },
    'a schedule that was cancelled': {
      type: 'policy-drift',
      change: (world) => world.operation('CancelRotateSecret', {}),
    },
    'a key past its expiry': { type: 'expired', until: dayOf(400) },
    'a rotation that did not come': { type: 'rotation-overdue', until: dayOf(200) },
    'a key that is too old': { type: 'over-age', until: dayOf(97) },
  };
  const table = Object.keys(STATES).flatMap((state) =>
    Object.keys(HANDS).map((hand) => [state, hand] as const),
  );

  test.each(table)('%s, with %s', async (state, hand) => {
    const { type = '', change = () => {}, until } = STATES[state] ?? {};
    const world = await deployed();
    await world.rotate(SECRET);
    await world.pass(4 * 24);
    change(world);
    HANDS[hand]?.(world);
    if (until) {
      // Secrets Manager misses the day.
      const secret = world.secret();
      const { nextRotationAt } = secret;
      secret.nextRotationAt = undefined;
      await world.clock.playUntil(until);
      secret.nextRotationAt = nextRotationAt;
    }
    const found = await commandsFound(world);
    expect([...found.keys()]).toContain(type);
    const before = world.versionAt('AWSCURRENT');
    expect(await world.follow([found.get(type)])).toBe(1);
    expect(world.versionAt('AWSCURRENT')).not.toBe(before);
    expectHealthy(world);
    const { findings } = await world.audit();
    expect(findings.map((finding) => finding.type)).not.toContain(type);
  });

  test('rotation-overdue and rotation-failed, of a secret whose first rotation hangs', async () => {
    let isBroken = true;
    const world = await deployed({
      intercept: (call, effect) =>
        isBroken && call.startsWith('mistral POST') ? Promise.resolve('broken') : effect(),
    });
    await world.pass(24);
    isBroken = false;
    const found = await commandsFound(world);
    expect([...found.keys()].sort()).toEqual(['rotation-failed', 'rotation-overdue']);
    expect(new Set(found.values()).size).toBe(1);
    expect(await world.follow([found.get('rotation-overdue')])).toBe(1);
    expectHealthy(world);
  });
});
