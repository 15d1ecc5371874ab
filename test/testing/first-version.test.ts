import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { FIRST_VERSIONS, type FirstVersion, labelled } from '../../testing/fakes/secret-store.js';
import { callInProcess } from '../../testing/in-process.js';
import { createWorld } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';
import { dayOf, SECRET, START } from '../support/stories.js';

const policy = aPolicy((document) => {
  document.workspaces = document.workspaces.slice(0, 1);
  document.callers = [];
});
let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());
let tables = 0;

/** An account whose Mistral never accepts a key that `neverWorks` names. */
async function openWorld(firstVersion: FirstVersion, neverWorks?: (name: string) => boolean) {
  tables += 1;
  const tableName = `records-${tables}`;
  await dynamo.createTable(tableName);
  const world = await createWorld({
    policy,
    definition: definitionFor(policy),
    dynamo,
    tableName,
    start: START,
    youngSeconds: 60,
    firstVersion,
    neverWorks,
    connect: callInProcess,
    log: silentLog,
  });
  onTestFinished(() => world.close());
  const subjects = () => world.inbox.messages.map(({ subject }) => subject);
  return { ...world, subjects, secret: () => world.secrets.find(SECRET) };
}

describe.each(FIRST_VERSIONS)('where the first version of a secret is the %s', (firstVersion) => {
  test('a trial of the schedule passes on a secret without a value, and the deploy makes the first key after it', async () => {
    const world = await openWorld(firstVersion);
    for (const { secretName } of plannedKeys(policy)) {
      await world.tryRotation(secretName);
      expect(world.secrets.find(secretName).versions.size).toBe(0);
    }
    expect(world.mistral.keys.made).toEqual([]);
    await world.provision();
    await world.clock.playUntil(dayOf(1));

    expect(world.mistral.keys.made).toHaveLength(1);
    expect(world.subjects()).toEqual([`First key of ${SECRET} is current`]);
    expect(labelled(world.secret(), 'AWSCURRENT')).toMatchObject({
      value: expect.stringContaining(world.mistral.keys.made[0]?.id ?? '-'),
      stages: new Set(['AWSCURRENT']),
    });
  });

  test('a first key that never works is not announced; on-call hears of it, and the next one is', async () => {
    let isFixed = false;
    const world = await openWorld(firstVersion, () => !isFixed);
    await world.provision();
    await world.clock.playUntil(dayOf(0.5));
    expect(world.subjects()).toContainEqual(
      firstVersion === 'value'
        ? `CRITICAL: First key of ${SECRET} does not work`
        : `WARNING: Rotation of ${SECRET} failed (services not affected)`,
    );
    // Once for all attempts of Secrets Manager at that version.
    expect(world.subjects()).toHaveLength(1);

    isFixed = true;
    await world.rotate(SECRET);
    await world.clock.playUntil(dayOf(5));
    const { apiKey } = JSON.parse(world.secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}');
    const current = world.mistral.keys.made.find(({ plaintext }) => plaintext === apiKey);
    expect(current && world.mistral.keys.isAccepted(current.id)).toBe(true);
    expect(world.secrets.valueAt(SECRET, 'AWSPENDING')).toBeUndefined();
    expect(world.subjects().filter((subject) => subject.includes('is current'))).toHaveLength(1);
    expect(world.mistral.keys.all()).toHaveLength(1);
  });
});
