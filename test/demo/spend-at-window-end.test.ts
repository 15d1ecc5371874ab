import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import type { Interceptor } from '../../testing/network.js';
import { aSpendAccount, counted } from '../support/spend-account.js';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

/** prod-workspace has 50 an hour, 200 a day and 2000 a month; ml-workspace 50 a day; dev-workspace 50 a month. */
async function anAccount(start: string, intercept?: Interceptor) {
  const account = await aSpendAccount(dynamo, start, intercept);
  return {
    ...account,
    /** Looks at each of the instants in turn. */
    async lookAt(...instants: readonly string[]) {
      for (const instant of instants) {
        await account.clock.playUntil(new Date(instant));
        await account.look();
      }
    },
  };
}

describe('what an hour reached after its last look', () => {
  const told = 'WARNING: prod-workspace had spent 80% of its hourly budget when the hour ended';

  test('is told by the next one, once', async () => {
    const { meter, lookAt, told: subjects, inbox } = await anAccount('2026-11-24T00:46:00Z');
    await lookAt('2026-11-24T00:47:00Z', '2026-11-24T00:59:00Z');
    await meter('prod-workspace', 41);
    await lookAt('2026-11-24T01:02:00Z', '2026-11-24T01:17:00Z', '2026-11-24T01:32:00Z');
    await lookAt('2026-11-24T01:47:00Z', '2026-11-24T02:02:00Z');
    expect(subjects()).toEqual([told]);
    expect(JSON.parse(inbox.messages[0]?.bodies.default ?? '').facts).toMatchObject({
      budget: 'prod-workspace, hourly (2026-11-24T00)',
      'ended at': '2026-11-24 01:00 UTC',
    });
  });

  test('is told by the one after that where a run was missed', async () => {
    const { meter, lookAt, told: subjects } = await anAccount('2026-11-24T01:59:00Z');
    await meter('prod-workspace', 41);
    await lookAt('2026-11-24T02:29:59Z');
    expect(subjects()).toEqual([told]);
  });

  test('is not told where it was told before the end', async () => {
    const { meter, lookAt, told: subjects } = await anAccount('2026-11-24T01:40:00Z');
    await meter('prod-workspace', 41);
    await lookAt('2026-11-24T01:47:00Z', '2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual(['WARNING: prod-workspace has spent 80% of its hourly budget']);
  });

  test('is told as far as it went on: here until the budget was used up', async () => {
    const { meter, lookAt, told: subjects } = await anAccount('2026-11-24T01:40:00Z');
    await meter('prod-workspace', 41);
    await lookAt('2026-11-24T01:47:00Z', '2026-11-24T01:59:00Z');
    await meter('prod-workspace', 9);
    await lookAt('2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual([
      'WARNING: prod-workspace has spent 80% of its hourly budget',
      'WARNING: The hourly budget of prod-workspace was used up before the hour ended',
    ]);
  });

  test('is told beside what the new hour has reached', async () => {
    const { meter, lookAt, clock, told: subjects } = await anAccount('2026-11-24T01:59:00Z');
    await meter('prod-workspace', 26);
    await clock.playUntil(new Date('2026-11-24T02:01:00Z'));
    await meter('prod-workspace', 41);
    await lookAt('2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual([
      'prod-workspace had spent 50% of its hourly budget when the hour ended',
      'WARNING: prod-workspace has spent 80% of its hourly budget',
    ]);
  });
});

test('hour, day and month that end at once are told each, by metered as by billed spend', async () => {
  const { meter, use, lookAt, told } = await anAccount('2026-11-30T23:40:00Z');
  await lookAt('2026-11-30T23:46:00Z', '2026-11-30T23:59:00Z');
  await meter('dev-workspace', 41);
  use('ml-workspace', 26);
  await meter('prod-workspace', 49.6);
  use('prod-workspace', 160);
  await lookAt('2026-12-01T00:01:00Z', '2026-12-01T00:16:00Z', '2026-12-01T00:31:00Z');
  await lookAt('2026-12-01T00:46:00Z', '2026-12-01T01:01:00Z');
  expect(told().sort()).toEqual([
    'WARNING: The hourly budget of prod-workspace was used up before the hour ended',
    'WARNING: dev-workspace had spent 80% of its monthly budget when the month ended',
    'WARNING: prod-workspace had spent 80% of its daily budget when the day ended',
    'ml-workspace had spent 50% of its daily budget when the day ended',
  ]);
});

test("a month's last minutes are told by the report of that month", async () => {
  const { use, lookAt, told, inbox } = await anAccount('2026-11-30T23:40:00Z');
  use('dev-workspace', 24);
  await lookAt('2026-11-30T23:46:00Z', '2026-11-30T23:59:00Z');
  use('dev-workspace', 27);
  await lookAt('2026-12-01T00:01:00Z', '2026-12-01T00:16:00Z');
  expect(told()).toEqual([
    'WARNING: The monthly budget of dev-workspace was used up before the month ended',
  ]);
  const { facts } = JSON.parse(inbox.messages[0]?.bodies.default ?? '');
  expect(facts).toMatchObject({
    budget: 'dev-workspace, monthly (2026-11)',
    'reported by Mistral': '51.00 USD',
    'dearest in 2026-11': 'mistral-large-2512 51.00 USD',
    'requests then': 'not stopped',
  });
});

describe('looking back takes', () => {
  const present = { 'dynamodb Query': 1, 'dynamodb GetItem': 6, 'mistral GET /v1/admin/usage': 3 };
  const plus = (items: number, reports: number) => ({
    ...present,
    'dynamodb GetItem': 6 + items,
    'mistral GET /v1/admin/usage': 3 + reports,
  });

  test.each([
    ['the counter of the one hourly budget after an hour', '2026-11-24T02:34:59Z', plus(1, 0)],
    ['nothing after that', '2026-11-24T02:35:00Z', present],
    ['those of hours and days after a day', '2026-11-25T00:05:00Z', plus(3, 0)],
    ['all of them, and the last reports, after a month', '2026-12-01T00:05:00Z', plus(6, 3)],
  ])('%s', async (_what, instant, expected) => {
    const calls: string[] = [];
    const { look } = await anAccount(instant, (call, effect) => {
      calls.push(call);
      return effect();
    });
    await look(); // opens the day, and reads the Admin API key
    calls.length = 0;
    await look();
    expect(counted(calls)).toEqual(expected);
  });
});
