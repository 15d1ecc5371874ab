import { expect, test } from 'vitest';
import type { PolicyInput } from '../../governance/policy/policy.js';
import { callInProcess } from '../../testing/in-process.js';
import { aPolicy } from '../support/builders.js';
import { leaksIn, writings } from '../support/invariants.js';
import { openWorld, shareDynamo } from '../support/on-call-world.js';
import { dayOf, SECRET } from '../support/stories.js';

shareDynamo();

type Refresh = NonNullable<
  NonNullable<PolicyInput['workspaces'][number]['keys']>[number]['refresh']
>;

const ECS = { ecs: { cluster: 'main', service: 'search' } };
const LAMBDA = { lambda: { function: 'answers' } };
const ELSEWHERE = 'arn:aws:iam::444455556666:role/refresh-search';
const TOKEN = 'token-of-another-system';
const MINUTE_MS = 60_000;

async function openServices(refresh: Refresh) {
  const policy = aPolicy((document) => {
    document.workspaces = document.workspaces.slice(0, 1);
    document.callers = [];
    document.workspaces[0].keys[0].refresh = refresh;
  });
  const world = await openWorld({ policy, connect: callInProcess });
  const { consumers, secrets, mistral, clock, inbox, executions } = world;
  const keys = new Map<string, string>();
  const read = (name: string) => () => {
    keys.set(name, JSON.parse(secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}').apiKey);
  };
  const service = consumers.addService('main/search', read('search'));
  const fn = consumers.addFunction('answers', { API_TOKEN: TOKEN }, read('answers'));
  await world.provision();
  await clock.playUntil(dayOf(1));
  read('search')();
  read('answers')();
  return {
    ...world,
    service,
    fn,
    /** Each asks Mistral with the key that it read when it started. */
    work: () => [...keys].filter(([, key]) => mistral.keys.accept(key) === undefined),
    alerts: (type: string) => inbox.messages.filter(({ attributes }) => attributes.type === type),
    path: () => executions.all().flatMap(({ path }) => path.map(({ state }) => state)),
    async days(from: number, until: number, each = () => {}) {
      for (let day = from; day <= until; day += 1) {
        await clock.playUntil(dayOf(day));
        each();
      }
    },
  };
}

test('a service that reads its key only at start works on through two rotations, and no alert is about it', async () => {
  const { service, fn, work, days, alerts, path } = await openServices([
    ECS,
    { ...LAMBDA, assumeRole: ELSEWHERE },
    { eventOnly: true },
  ]);
  const refused: unknown[] = [];
  await days(2, 200, () => refused.push(...work()));

  expect(refused).toEqual([]);
  expect(service.deployedAt).toHaveLength(2);
  expect(fn.updatedAt).toHaveLength(2);
  expect(alerts('key-revoked')).toHaveLength(2);
  for (const type of ['key-in-use', 'approval-needed', 'refresh-failed']) {
    expect([type, alerts(type)]).toEqual([type, []]);
  }
  expect(path().slice(0, 4)).toEqual([
    'Refresh consumers',
    'Wait for consumers',
    'Refresh consumers',
    'Wait for consumers',
  ]);
});

test('without it, the same service is a key in use after each rotation', async () => {
  const { work, days, alerts } = await openServices([{ eventOnly: true }]);
  await days(2, 96, work);
  expect(alerts('key-in-use').length).toBeGreaterThan(0);
});

test('the role of the other account is assumed, and nothing of a function but its description changes', async () => {
  const { consumers, fn, days, executions, inbox, events, objects, rotations } = await openServices(
    [{ ...LAMBDA, assumeRole: ELSEWHERE }],
  );
  await days(89, 92);
  expect(new Set(consumers.assumed)).toEqual(new Set([ELSEWHERE]));
  expect(fn.description).toMatch(/^Answers questions \[Mistral key [\w-]{8}\]$/);
  const text = writings(
    { executions, inbox, events, objects, rotations } as Parameters<typeof writings>[0],
    [],
    [],
  );
  expect(leaksIn(text, [TOKEN])).toEqual([]);
});

test.each([
  ['never becomes steady', 'never steady', 31],
  ['fails', 'fails', 3],
] as const)(
  'a deployment that %s is an alert, and the retirement goes on',
  async (_what, behaviour, minutes) => {
    const { service, days, clock, alerts, work } = await openServices([ECS, LAMBDA]);
    service.behaviour = behaviour;
    await days(89, 90);
    await clock.playUntil(new Date(dayOf(90).getTime() + minutes * MINUTE_MS));
    const [alert, ...more] = alerts('refresh-failed');
    expect(more).toEqual([]);
    expect(alert?.subject).toBe(`WARNING: Services of ${SECRET} not restarted with its new key`);
    expect(alert?.bodies.email).toContain('ECS service main/search');
    expect(alert?.bodies.email).not.toContain('Lambda function answers');
    expect(alert?.bodies.email).toContain(
      'aws ecs update-service --region eu-west-1 --cluster main --service search --force-new-deployment',
    );
    expect(service.deployedAt).toHaveLength(1);
    await days(91, 99, () => expect(work()).toEqual([]));
    expect(alerts('key-revoked')).toHaveLength(1);
  },
);

test('a service that is not there is an alert, and so is a role that cannot be assumed', async () => {
  const { consumers, days, clock, alerts } = await openServices([
    { ecs: { cluster: 'main', service: 'gone' } },
    { lambda: { function: 'gone-too' } },
  ]);
  await days(89, 90);
  await clock.playUntil(new Date(dayOf(90).getTime() + 40 * MINUTE_MS));
  const [alert] = alerts('refresh-failed');
  expect(alert?.bodies.email).toMatch(/ECS service main\/gone +the service is MISSING/);
  expect(alert?.bodies.email).toMatch(/Lambda function gone-too +Function not found/);
  expect(consumers.services.get('main/search')?.deployedAt).toEqual([]);
});

test('after a rollback, services start with the previous key', async () => {
  const { mistral, service, fn, days, clock, alerts, work } = await openServices([ECS, LAMBDA]);
  await days(89, 90);
  await clock.playUntil(new Date(dayOf(90).getTime() + 2 * 60 * MINUTE_MS));
  expect(service.deployedAt).toHaveLength(1);
  mistral.keys.breakKey(mistral.keys.made.at(-1)?.id ?? '');
  expect(work()).toHaveLength(2);
  await days(91, 93);
  expect(alerts('rolled-back')).toHaveLength(1);
  expect(service.deployedAt).toHaveLength(2);
  expect(fn.updatedAt).toHaveLength(2);
  expect(work()).toEqual([]);
});
