import { describe, expect, test } from 'vitest';
import { gatewayKeyUnusable, gatewayUnauthorized } from '../../gateway/gateway-alerts.js';
import {
  beginAnother,
  commandsFound,
  commandsOf,
  deployed,
  expectHealthy,
  leavePending,
  ONE_KEY,
  type OpenWorld,
  openWorld,
  shareDynamo,
} from '../support/on-call-world.js';
import { OPERATOR_MODE, REPLACED, supply } from '../support/operator-stories.js';
import { dayOf, SECRET, START } from '../support/stories.js';
import { followFound, HANDS, STATES } from './finding-commands.js';

shareDynamo();

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

  test('Approve revocation, also at the reminder after an approval that failed', async () => {
    const world = await deployed();
    const old = world.currentKey();
    await world.rotate(SECRET);
    const useDaily = async () => void world.mistral.keys.accept(old.apiKey);
    for (let day = 1; day < 15; day += 1) world.clock.at(dayOf(1 + day), useDaily);
    await world.pass(9 * 24);
    const first = commandsOf(world, 'Approve revocation');
    const [command = ''] = first.flatMap((one) => one ?? []);
    const name = / --name (\S+)/.exec(command)?.[1] ?? '';
    // As if it had been approved, and that had failed: the name is taken for 90 days.
    world.executions.operations.StartExecution?.({ name, input: '{}' });
    await world.pass(3 * 24);
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
    ['an administrator in the console', true, 0],
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
  ])('Gateway down: %s, with any labels', async (_title, alertOf) => {
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

describe('the command of a finding works in the state in which the audit sends it:', () => {
  const hands = Object.keys(HANDS);
  // Each state with every change by hand: alert-commands.exhaustive.ts
  const table = Object.keys(STATES).map((state, at) => [state, hands[at % hands.length] ?? '']);
  test.each(table)('%s, with %s', followFound);

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
