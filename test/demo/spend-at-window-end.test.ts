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
    /** Runs the monitor at each of the instants in turn. */
    async runAt(...instants: readonly string[]) {
      for (const instant of instants) {
        await account.clock.playUntil(new Date(instant));
        await account.run();
      }
    },
  };
}

describe('what an hour reached after the last run in it', () => {
  const atTheEnd =
    'WARNING: prod-workspace ended the hour at 82 % (41.00 of 50.00 USD) of its hourly budget';

  test('is reported by the next one, once', async () => {
    const { meter, runAt, subjects, inbox } = await anAccount('2026-11-24T00:46:00Z');
    await runAt('2026-11-24T00:47:00Z', '2026-11-24T00:59:00Z');
    await meter('prod-workspace', 41);
    await runAt('2026-11-24T01:02:00Z', '2026-11-24T01:17:00Z', '2026-11-24T01:32:00Z');
    await runAt('2026-11-24T01:47:00Z', '2026-11-24T02:02:00Z');
    expect(subjects()).toEqual([atTheEnd]);
    expect(JSON.parse(inbox.messages[0]?.bodies.default ?? '').facts).toMatchObject({
      budget: 'prod-workspace, hourly (2026-11-24T00)',
      'ended at': '2026-11-24 01:00 UTC',
    });
  });

  test('is reported by the one after that where a run was missed', async () => {
    const { meter, runAt, subjects } = await anAccount('2026-11-24T01:59:00Z');
    await meter('prod-workspace', 41);
    await runAt('2026-11-24T02:29:59Z');
    expect(subjects()).toEqual([atTheEnd]);
  });

  test('is not reported again where it was before the end', async () => {
    const { meter, runAt, subjects } = await anAccount('2026-11-24T01:40:00Z');
    await meter('prod-workspace', 41);
    await runAt('2026-11-24T01:47:00Z', '2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual([
      'WARNING: prod-workspace has spent 82 % (41.00 of 50.00 USD) of its hourly budget',
    ]);
  });

  test('is reported as far as it went on: here until the budget was exhausted', async () => {
    const { meter, runAt, subjects } = await anAccount('2026-11-24T01:40:00Z');
    await meter('prod-workspace', 41);
    await runAt('2026-11-24T01:47:00Z', '2026-11-24T01:59:00Z');
    await meter('prod-workspace', 9);
    await runAt('2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual([
      'WARNING: prod-workspace has spent 82 % (41.00 of 50.00 USD) of its hourly budget',
      'WARNING: prod-workspace exhausted its hourly budget before the hour ended',
    ]);
  });

  test('is reported beside what the new hour has reached', async () => {
    const { meter, runAt, clock, subjects } = await anAccount('2026-11-24T01:59:00Z');
    await meter('prod-workspace', 26);
    await clock.playUntil(new Date('2026-11-24T02:01:00Z'));
    await meter('prod-workspace', 41);
    await runAt('2026-11-24T02:02:00Z', '2026-11-24T02:17:00Z');
    expect(subjects()).toEqual([
      'prod-workspace ended the hour at 52 % (26.00 of 50.00 USD) of its hourly budget',
      'WARNING: prod-workspace has spent 82 % (41.00 of 50.00 USD) of its hourly budget',
    ]);
  });
});

test('hour, day and month that end at once are reported each, by metered as by billed spend', async () => {
  const { meter, use, runAt, subjects } = await anAccount('2026-11-30T23:40:00Z');
  await runAt('2026-11-30T23:46:00Z', '2026-11-30T23:59:00Z');
  await meter('dev-workspace', 41);
  use('ml-workspace', 26);
  await meter('prod-workspace', 49.6);
  use('prod-workspace', 160);
  await runAt('2026-12-01T00:01:00Z', '2026-12-01T00:16:00Z', '2026-12-01T00:31:00Z');
  await runAt('2026-12-01T00:46:00Z', '2026-12-01T01:01:00Z');
  expect(subjects().sort()).toEqual([
    'WARNING: dev-workspace ended the month 2026-11 at 82 % (41.00 of 50.00 USD) of its monthly budget',
    'WARNING: prod-workspace ended the day 2026-11-30 at 80 % (160.00 of 200.00 USD) of its daily budget',
    'WARNING: prod-workspace exhausted its hourly budget before the hour ended',
    'ml-workspace ended the day 2026-11-30 at 52 % (26.00 of 50.00 USD) of its daily budget',
  ]);
});

test("a month's last minutes are reported by the bill of that month", async () => {
  const { use, runAt, subjects, inbox } = await anAccount('2026-11-30T23:40:00Z');
  use('dev-workspace', 24);
  await runAt('2026-11-30T23:46:00Z', '2026-11-30T23:59:00Z');
  use('dev-workspace', 27);
  await runAt('2026-12-01T00:01:00Z', '2026-12-01T00:16:00Z');
  expect(subjects()).toEqual([
    'WARNING: dev-workspace exhausted its monthly budget before the month 2026-11 ended',
  ]);
  const { facts } = JSON.parse(inbox.messages[0]?.bodies.default ?? '');
  expect(facts).toMatchObject({
    budget: 'dev-workspace, monthly (2026-11)',
    'reported by Mistral': '51.00 USD',
    'most expensive in 2026-11': 'mistral-large-2512 51.00 USD',
    requests: 'not blocked',
  });
});

describe('what Mistral bills late', () => {
  test('for the last day of a month counts against that month, once for each threshold', async () => {
    const { use, runAt, subjects, inbox } = await anAccount('2026-11-30T23:40:00Z');
    use('dev-workspace', 47.45);
    await runAt('2026-11-30T23:46:00Z', '2026-12-01T00:05:00Z');
    use('dev-workspace', 0.2, '2026-11-30');
    await runAt('2026-12-01T01:02:00Z', '2026-12-01T02:02:00Z');
    use('dev-workspace', 17.35, '2026-11-30');
    await runAt('2026-12-01T07:00:00Z', '2026-12-01T07:15:00Z', '2026-12-01T08:00:00Z');
    use('dev-workspace', 10, '2026-11-30');
    await runAt('2026-12-02T23:02:00Z', '2026-12-03T00:02:00Z', '2026-12-03T00:17:00Z');
    use('dev-workspace', 50, '2026-11-30'); // after the month is final
    await runAt('2026-12-03T01:02:00Z', '2026-12-04T00:02:00Z', '2026-12-05T00:02:00Z');
    expect(subjects().filter((subject) => !subject.includes('outside the gateway'))).toEqual([
      'WARNING: dev-workspace has spent 94 % (47.45 of 50.00 USD) of its monthly budget',
      'WARNING: dev-workspace ended the month 2026-11 at 95 % (47.65 of 50.00 USD) of its monthly budget',
      'WARNING: dev-workspace exhausted its monthly budget before the month 2026-11 ended',
    ]);
    const { description, facts } = JSON.parse(inbox.messages[2]?.bodies.default ?? '');
    expect(description).toContain('before the month ended on 2026-12-01 00:00 UTC (7 hours ago).');
    expect(description).toContain('may report more of its usage until 2026-12-03 00:00 UTC');
    expect(facts).toMatchObject({
      budget: 'dev-workspace, monthly (2026-11)',
      spent: '130 % (65.00 of 50.00 USD)',
      'most expensive in 2026-11': 'mistral-large-2512 65.00 USD',
    });
  });

  test.each([
    ['2026-12-31', '2027-01-01', "the year's end"],
    ['2026-10-25', '2026-10-26', 'the day on which Europe leaves summer time'],
    ['2027-03-28', '2027-03-29', 'the day on which Europe begins it'],
  ])('for %s counts against that day', async (day, next) => {
    const { use, runAt, subjects } = await anAccount(`${day}T23:40:00Z`);
    await runAt(`${day}T23:46:00Z`, `${next}T00:01:00Z`, `${next}T06:16:00Z`);
    use('ml-workspace', 60, day);
    await runAt(`${next}T09:01:00Z`, `${next}T09:16:00Z`, `${next}T10:01:00Z`, `${next}T23:01:00Z`);
    expect(subjects().filter((subject) => subject.includes('daily'))).toEqual([
      `WARNING: ml-workspace exhausted its daily budget before the day ${day} ended`,
    ]);
  });

  test('is seen also where the monitor did not run for a day', async () => {
    const { use, runAt, subjects } = await anAccount('2026-11-24T10:00:00Z');
    await runAt('2026-11-24T10:02:00Z');
    use('ml-workspace', 41);
    await runAt('2026-11-25T20:02:00Z');
    expect(subjects()).toContain(
      'WARNING: ml-workspace ended the day 2026-11-24 at 82 % (41.00 of 50.00 USD) of its daily budget',
    );
  });

  test('for days before the first run is not held against the budgets of today', async () => {
    const { use, runAt, subjects } = await anAccount('2026-12-01T10:00:00Z');
    use('ml-workspace', 600, '2026-11-30');
    await runAt('2026-12-01T10:02:00Z', '2026-12-01T11:02:00Z', '2026-12-02T00:02:00Z');
    expect(subjects().filter((subject) => !subject.includes('outside'))).toEqual([]);
  });
});

describe('looking back takes', () => {
  // As long as a counter has no item, the one under its former name is read too.
  const counters = (count: number) => 2 * count;
  // What overflows was never counted under another name: lent today, borrowed in the day and the month.
  const plus = (more: number, reports: number, borrowed = 0) => ({
    'dynamodb Query': 5, // what was sent, what is not delivered, and the jobs of three workspaces
    'dynamodb GetItem': counters(6 + more) + 3 + borrowed,
    'mistral GET /v1/admin/usage': 3 + reports,
  });
  const present = plus(0, 0);

  test.each([
    ['the counter of the one hourly budget after an hour', '2026-11-24T02:34:59Z', plus(1, 0)],
    ['nothing after that', '2026-11-24T02:35:00Z', present],
    ['those of hours and days after a day', '2026-11-25T00:05:00Z', plus(3, 0, 1)],
    ['all of them, and the last reports, after a month', '2026-12-01T00:05:00Z', plus(6, 3, 2)],
  ])('%s', async (_what, instant, expected) => {
    const calls: string[] = [];
    const { run } = await anAccount(instant, (call, effect) => {
      calls.push(call);
      return effect();
    });
    await run(); // opens the day, and reads the Admin API key
    calls.length = 0;
    await run();
    expect(counted(calls)).toEqual(expected);
  });

  test.each([
    ['the counters of two past days, and of the last hour', '2026-11-25T05:05:00Z', plus(5, 0, 2)],
    ['nothing in the other runs of an hour', '2026-11-25T05:35:00Z', present],
    [
      'those of the last month too, and its reports, for two days',
      '2026-12-02T23:05:00Z',
      plus(8, 3, 3),
    ],
    ['no month after that', '2026-12-03T05:05:00Z', plus(5, 0, 2)],
  ])('%s, where the monitor has run for days', async (_what, instant, expected) => {
    const calls: string[] = [];
    const days = [-3, -2, -1, 0].map((more) => Date.parse(instant) + more * 86_400_000);
    const { runAt, run } = await anAccount(new Date(days[0] ?? 0).toISOString(), (call, effect) => {
      calls.push(call);
      return effect();
    });
    await runAt(...days.map((ms) => new Date(ms).toISOString()));
    await run(); // after what is reconciled once a day
    calls.length = 0;
    await run();
    expect(counted(calls)).toEqual(expected);
  });
});

test('what is billed late has the price of its own month, and what comes after the new one', async () => {
  const { use, changePrice, runAt, subjects } = await anAccount('2026-11-30T23:46:00Z');
  changePrice('2026-12-01', '5'); // ten times the price before
  await runAt('2026-11-30T23:47:00Z', '2026-12-01T00:02:00Z');
  await runAt('2026-12-01T03:02:00Z');
  use('dev-workspace', 26, '2026-11-30');
  use('dev-workspace', 3, '2026-12-01');
  await runAt('2026-12-01T04:02:00Z', '2026-12-01T05:02:00Z');
  expect(subjects().sort()).toEqual([
    'dev-workspace ended the month 2026-11 at 52 % (26.00 of 50.00 USD) of its monthly budget',
    'dev-workspace has spent 60 % (30.00 of 50.00 USD) of its monthly budget',
  ]);
});
