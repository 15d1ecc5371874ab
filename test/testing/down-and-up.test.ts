import { expect, test } from 'vitest';
import { callInProcess } from '../../testing/in-process.js';
import { ONE_KEY, openWorld as openAnyWorld, shareDynamo } from '../support/on-call-world.js';
import { dayOf, SECRET } from '../support/stories.js';

shareDynamo();

type World = Awaited<ReturnType<typeof openAnyWorld>>;

const openWorld = () => openAnyWorld({ policy: ONE_KEY, connect: callInProcess });

const SETTINGS = {
  description: 'of the team',
  kmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/first',
  tags: [{ Key: 'mistral-workspace', Value: 'dev-workspace' }],
};

const provide = ({ functions }: World, RequestType: string, settings: object = SETTINGS) =>
  functions.provideSecret({
    RequestType,
    ResourceProperties: { secretName: SECRET, settings: { ...SETTINGS, ...settings } },
  });

test('the key of a secret that an earlier stack has left goes on in a new stack', async () => {
  const world = await openWorld();
  world.secrets.delete(SECRET);
  await provide(world, 'Create');
  expect(world.secret()).toMatchObject({ kmsKeyId: SETTINGS.kmsKeyId, description: 'of the team' });
  world.secret().rotateEveryDays = 90;
  await world.provision();
  await world.clock.playUntil(dayOf(10));
  const value = world.secrets.valueAt(SECRET, 'AWSCURRENT');
  expect(world.mistral.keys.all()).toHaveLength(1);

  // `cdk destroy`: what CloudFormation takes away with the schedule.
  await provide(world, 'Delete');
  world.operation('CancelRotateSecret', {});
  await world.clock.playUntil(dayOf(12));
  expect(world.secrets.valueAt(SECRET, 'AWSCURRENT')).toBe(value);

  // `cdk deploy` of a stack with another encryption key.
  const answer = await provide(world, 'Create', { kmsKeyId: 'another' });
  expect(answer).toEqual({ arn: world.secret().arn });
  expect(world.secret()).toMatchObject({ kmsKeyId: SETTINGS.kmsKeyId, description: 'of the team' });
  world.secret().rotateEveryDays = 90;
  await world.provision();
  await world.clock.playUntil(dayOf(13));
  expect(world.secrets.valueAt(SECRET, 'AWSCURRENT')).toBe(value);
  expect(world.mistral.keys.made).toHaveLength(1);

  await world.rotate(SECRET);
  await world.clock.playUntil(dayOf(20));
  expect(world.secrets.valueAt(SECRET, 'AWSCURRENT')).not.toBe(value);
  expect(world.mistral.keys.all()).toHaveLength(1);
});

test('a later deploy changes description and tags, and makes what is gone again', async () => {
  const world = await openWorld();
  world.secrets.delete(SECRET);
  await provide(world, 'Create');
  const tags = [...SETTINGS.tags, { Key: 'team', Value: 'search' }];
  await provide(world, 'Update', { description: 'of search', tags });
  expect(world.secret()).toMatchObject({ description: 'of search' });
  expect([...(world.secret().tags ?? [])]).toEqual([
    ['mistral-workspace', 'dev-workspace'],
    ['team', 'search'],
  ]);
  world.secrets.delete(SECRET);
  await provide(world, 'Update');
  expect(world.secret().versions.size).toBe(0);
});

test.each<[string, (world: World) => void, string]>([
  [
    'that others made',
    (world) => Object.assign(world.secret(), { tags: undefined }),
    'this product has not made it; to take it over, name it in the policy',
  ],
  [
    'of a stack that is still there',
    (world) =>
      Object.assign(world.secret(), { rotateEveryDays: 90, rotatedBy: 'arn:aws:lambda:x' }),
    'arn:aws:lambda:x rotates it',
  ],
  [
    'that is being deleted',
    (world) => Object.assign(world.secret(), { deletedAt: new Date(0) }),
    'it is being deleted; to keep it: aws secretsmanager restore-secret',
  ],
])('a secret %s is refused', async (_name, spoil, reason) => {
  const world = await openWorld();
  Object.assign(world.secret(), {
    tags: new Map([['mistral-workspace', 'dev-workspace']]),
    rotateEveryDays: undefined,
  });
  spoil(world);
  await expect(provide(world, 'Create')).rejects.toThrow(reason);
});
