import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import type { Interceptor } from '../../testing/network.js';
import { aSpendAccount, counted } from '../support/spend-account.js';
import { USD } from '../support/spend-builders.js';

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

const anAccount = (start: string, intercept?: Interceptor) =>
  aSpendAccount(dynamo, start, intercept);

test('a budget is reported at its thresholds, once, until it is exhausted', async () => {
  const { clock, run, meter, use, subjects, inbox } = await anAccount('2026-11-24T01:00:00Z');
  for (const dollars of [24, 1, 15, 7.5, 2, 0.5]) {
    await meter('dev-workspace', dollars);
    use('dev-workspace', dollars);
    await run();
    await clock.sleep(15 * 60_000);
  }
  expect(subjects()).toEqual([
    'dev-workspace has spent 50 % (25.00 of 50.00 USD) of its monthly budget',
    'WARNING: dev-workspace has spent 80 % (40.00 of 50.00 USD) of its monthly budget',
    'WARNING: dev-workspace has spent 95 % (47.50 of 50.00 USD) of its monthly budget',
    'CRITICAL: dev-workspace exhausted its monthly budget, requests blocked until 2026-12-01 00:00 UTC',
  ]);
  const [first] = inbox.messages;
  expect(first?.attributes).toEqual({
    type: 'spend-threshold',
    severity: 'info',
    workspace: 'dev-workspace',
  });
  expect(JSON.parse(first?.bodies.default ?? '').facts).toMatchObject({
    spent: '50 % (25.00 of 50.00 USD)',
    metered: '25.00 USD',
    'reported by Mistral': '25.00 USD',
    'most expensive in 2026-11': 'mistral-large-2512 25.00 USD',
  });
});

test('metered and billed stand side by side in each window', async () => {
  const { run, meter, use } = await anAccount('2026-11-24T01:00:00Z');
  await meter('prod-workspace', 3);
  use('prod-workspace', 10, '2026-11-23');
  use('prod-workspace', 2);
  const { spend } = await run();
  expect(
    spend
      .filter(({ workspace }) => workspace === 'prod-workspace')
      .map(({ window, windowName, spentNanos, meteredNanos, billedNanos }) => [
        window,
        windowName,
        spentNanos / USD,
        (meteredNanos ?? 0) / USD,
        billedNanos === undefined ? undefined : billedNanos / USD,
      ]),
  ).toEqual([
    ['hour', '2026-11-24T01', 3, 3, undefined],
    ['day', '2026-11-24', 3, 3, 2],
    ['month', '2026-11', 12, 3, 12],
  ]);
});

test('traffic outside the gateway is reported the morning after', async () => {
  const { clock, run, meter, use, subjects } = await anAccount('2026-11-23T10:00:00Z');
  await meter('ml-workspace', 4);
  use('ml-workspace', 9);
  await meter('prod-workspace', 6);
  use('prod-workspace', 6);
  await clock.playUntil(new Date('2026-11-24T05:45:00Z'));
  await run();
  expect(subjects()).toEqual([]);
  await clock.playUntil(new Date('2026-11-24T06:00:00Z'));
  await run();
  await run();
  expect(subjects()).toEqual([
    'WARNING: ml-workspace has spend outside the gateway (5.00 USD, 2026-11-23)',
  ]);
});

test('an alert that SNS rejects is sent by the next run', async () => {
  let isDown = true;
  const intercept: Interceptor = async (call, effect) =>
    call === 'sns Publish' && isDown ? { status: 400, body: '<ErrorResponse/>' } : effect();
  const { run, use, subjects, clock } = await anAccount('2026-11-24T01:00:00Z', intercept);
  use('dev-workspace', 26);
  await expect(run()).rejects.toThrow();
  isDown = false;
  await clock.sleep(60_000);
  expect((await run()).alertsSent).toBe(1);
  expect(subjects()).toEqual([
    'dev-workspace has spent 52 % (26.00 of 50.00 USD) of its monthly budget',
  ]);
});

test('a run makes no more calls than it needs', async () => {
  const calls: string[] = [];
  const { run, use } = await anAccount('2026-11-24T01:40:00Z', (call, effect) => {
    calls.push(call);
    return effect();
  });
  await run(); // opens the day, and reads the Admin API key
  calls.length = 0;
  await run();
  expect(counted(calls)).toEqual({
    'dynamodb Query': 5, // what was sent, what is not delivered, and the jobs of three workspaces
    // The budgets of the shipped policy: as long as one has no item, its former name is read too.
    // And what one of them lends today, and another borrows in the day and the month.
    'dynamodb GetItem': 2 * 6 + 3,
    'mistral GET /v1/admin/usage': 3,
  });
  calls.length = 0;
  use('dev-workspace', 26);
  await run();
  expect(counted(calls)).toMatchObject({ 'sns Publish': 1, 'dynamodb PutItem': 2 });
});
