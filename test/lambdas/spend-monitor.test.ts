import { describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import type { UsageQuery } from '../../governance/mistral/organization.js';
import type { Quota } from '../../governance/quotas/quota.js';
import type { RememberedSpend, SpendMemory } from '../../governance/spend/spend-memory.aws.js';
import type { SpendRow } from '../../governance/spend/spend-row.js';
import { createSpendMonitorHandler } from '../../lambdas/spend-monitor/handler.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { type ByWindow, USD } from '../support/spend-builders.js';
import { aPrice, aReport, aRow, models } from '../support/usage-reports.js';

const NOON = new Date('2026-11-24T12:00:00Z');
// Too late for the previous hour.
const NIGHT = new Date('2026-11-24T02:40:00Z');
const DEV_ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
const ML_ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';
const PROD_ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a03';
const gatewayOn = aPolicy((document) => {
  document.gateway = { enabled: true };
});

const gatewayOff = aPolicy((document) => {
  document.gateway = { enabled: false };
});

/** Mistral's report of some dollars on one day. */
function billed(dollars: number, timestamp = '2026-11-24', change: Partial<MonthlyUsage> = {}) {
  const rows = models(aRow('mistral-large-2512', 'output', dollars * 1000, { timestamp }));
  const report = aReport([aPrice('mistral-large-2512', 'output', '0.001')], { completion: rows });
  return { ...report, ...change };
}

interface World {
  readonly policy?: typeof gatewayOn;
  readonly now?: Date;
  readonly timeOf?: () => Date;
  readonly metered?: Readonly<Record<string, ByWindow>>;
  /** The metered spend of windows that ended just now. */
  readonly closed?: Readonly<Record<string, ByWindow>>;
  /** `undefined` without the Admin API. @default the one that `usage` is of */
  readonly organization?: undefined;
  readonly usage?: (query: UsageQuery) => Promise<MonthlyUsage>;
  readonly totals?: () => Promise<never>;
  readonly publish?: (alert: Alert) => Promise<void>;
}

const nameOf = ({ quota }: { quota: Quota }) => `${quota.scope} ${quota.window}`;

/** One monitor that runs as often as the test asks it to. */
function monitor(world: World = {}) {
  const sent: Alert[] = [];
  const did: string[] = [];
  const asked: UsageQuery[] = [];
  const metered: { quota: Quota; at: Date }[] = [];
  const rows: SpendRow[] = [];
  const items = new Map<string, RememberedSpend>();
  const memory: { -readonly [Method in keyof SpendMemory]: SpendMemory[Method] } = {
    recall: async () => new Map(items),
    async remember(workspace, before, state, _now, claimedUntil) {
      if (items.get(workspace)?.version !== before?.version) return undefined;
      const after = { state, version: (before?.version ?? 0) + 1, claimedUntil };
      items.set(workspace, after);
      did.push(`${claimedUntil ? 'claimed' : 'remembered'} ${workspace}`);
      return after;
    },
  };
  let current = world;
  const organization = {
    async usage(query: UsageQuery) {
      asked.push(query);
      return current.usage ? current.usage(query) : billed(0);
    },
  };
  const handler = createSpendMonitorHandler({
    get policy() {
      return current.policy ?? gatewayOn;
    },
    organization: 'organization' in world ? undefined : organization,
    events: { redeliver: async () => 0 },
    quotaTotals: {
      async of(quotas, windowsAt) {
        if (current.totals) return current.totals();
        return quotas.map((quota) => {
          metered.push({ quota, at: windowsAt });
          const name = quota.scope.replace('workspace#', '');
          const isClosed = windowsAt.toISOString().endsWith(':59:59.999Z');
          const settled =
            (isClosed ? current.closed : current.metered)?.[name]?.[quota.window] ?? 0;
          const day = windowsAt.toISOString().slice(0, 10);
          return { quota, windowName: day, settled, committed: settled };
        });
      },
    },
    memory,
    record: (recorded) => void rows.push(...recorded),
    alerts: {
      async publish(alert) {
        await current.publish?.(alert);
        did.push(`sent ${alert.workspace}`);
        sent.push(alert);
      },
    },
    log: silentLog,
    quotaTableName: 'quotas',
    functionName: 'spend-monitor',
    now: () => current.timeOf?.() ?? current.now ?? NOON,
  });
  return {
    sent,
    did,
    asked,
    metered,
    rows,
    items,
    memory,
    run(change: World = {}) {
      current = { ...current, ...change };
      return handler();
    },
  };
}

test('reads every workspace once: its bill, a counter for each budget, and what overflowed', async () => {
  const { run, asked, metered, rows } = monitor({
    now: NIGHT,
    metered: { 'dev-workspace': { month: 5 * USD } },
    usage: async ({ workspaceId }) => billed(workspaceId === DEV_ID ? 10 : 0),
  });
  const { spend, alertsSent, problems } = await run();
  expect(asked.map(({ year, month }) => [year, month])).toEqual(Array(3).fill([2026, 11]));
  expect(new Set(asked.map(({ workspaceId }) => workspaceId)).size).toBe(3);
  expect(metered.map(nameOf).sort()).toEqual([
    `borrowed#${PROD_ID} day`,
    `borrowed#${PROD_ID} month`,
    `lent#${ML_ID} day`,
    'workspace#dev-workspace month',
    'workspace#ml-workspace day',
    'workspace#ml-workspace month',
    'workspace#prod-workspace day',
    'workspace#prod-workspace hour',
    'workspace#prod-workspace month',
  ]);
  expect(spend[0]).toEqual({
    workspace: 'dev-workspace',
    window: 'month',
    windowName: '2026-11',
    currency: 'USD',
    spentNanos: 10 * USD,
    meteredNanos: 5 * USD,
    billedNanos: 10 * USD,
    budgetNanos: 50 * USD,
    percent: 20,
  });
  expect(spend.find(({ window }) => window === 'hour')?.billedNanos).toBeUndefined();
  expect(rows).toEqual(spend);
  expect([alertsSent, problems]).toEqual([0, []]);
});

describe('sending', () => {
  const metered = { 'dev-workspace': { month: 25 * USD } };

  test('is claimed before, remembered after, and done once', async () => {
    const { run, sent, did } = monitor({ now: NIGHT, metered });
    expect((await run()).alertsSent).toBe(1);
    const ofDev = () => did.filter((step) => /dev-workspace$/.test(step) || step.endsWith(DEV_ID));
    const once = [`claimed ${DEV_ID}`, 'sent dev-workspace', `remembered ${DEV_ID}`];
    expect(ofDev()).toEqual(once);
    expect((await run()).alertsSent).toBe(0);
    expect(ofDev()).toEqual(once);
    expect(sent.map(({ title }) => title)).toEqual([
      'dev-workspace has spent 50 % (25.00 of 50.00 USD) of its monthly budget',
    ]);
  });

  test('of what was remembered under the name of a workspace is not done again under its id', async () => {
    const { run, items, did } = monitor({ now: NIGHT, metered });
    const sent = { 'usd#2026-11#50': '2026-12-01T01:00:00.000Z' };
    items.set('dev-workspace', { state: { sent }, version: 7, claimedUntil: undefined });
    expect((await run()).alertsSent).toBe(0);
    await run({ metered: { 'dev-workspace': { month: 41 * USD } } });
    const ofDev = did.filter((step) => /dev-workspace$/.test(step) || step.endsWith(DEV_ID));
    const noted = `remembered ${DEV_ID}`; // the budgets of the present windows
    expect(ofDev).toEqual([noted, `claimed ${DEV_ID}`, 'sent dev-workspace', noted]);
  });

  test('is done once, also for a workspace that got the name of another', async () => {
    const { run, sent } = monitor({ now: NIGHT, metered });
    await run();
    const policy = aPolicy((document) => {
      const [one, other] = document.workspaces;
      [one.name, other.name] = [other.name, one.name];
      document.callers = [];
      document.workspaces[2].overflowTo = [];
    });
    await run({ policy, metered: { 'ml-workspace': { month: 25 * USD } } });
    expect(sent).toHaveLength(1);
    await run({ policy, metered: { 'dev-workspace': { month: 260 * USD } } });
    expect(sent.map(({ workspace }) => workspace)).toEqual(['dev-workspace', 'dev-workspace']);
  });

  test('is left to the run that has the claim', async () => {
    const { run, items, sent } = monitor({ now: NIGHT, metered });
    const claimedUntil = new Date('2026-11-24T02:50:00Z');
    items.set(DEV_ID, { state: { sent: {} }, version: 1, claimedUntil });
    expect((await run()).alertsSent).toBe(0);
    expect(sent).toEqual([]);
    // That run died: the next one sends.
    expect((await run({ now: claimedUntil })).alertsSent).toBe(1);
  });

  test('by a run that dies is done by the next one in 15 minutes, and not by a retry before', async () => {
    const { run, memory, sent } = monitor({ now: NIGHT, metered });
    const { remember } = memory;
    memory.remember = (workspace, before, state, now, until) =>
      until ? remember(workspace, before, state, now, until) : Promise.reject(new Error('died'));
    await expect(run()).rejects.toThrow('died');
    memory.remember = remember;
    await run({ now: new Date('2026-11-24T02:45:00Z') });
    expect(sent).toHaveLength(1);
    await run({ now: new Date('2026-11-24T02:55:00Z') });
    expect(sent).toHaveLength(2);
  });

  test('of two runs at once is done by one', async () => {
    const { run, sent } = monitor({ now: NIGHT, metered });
    const summaries = await Promise.all([run(), run()]);
    expect(summaries.map((one) => one.alertsSent).sort()).toEqual([0, 1]);
    expect(sent).toHaveLength(1);
  });

  test('that fails keeps no other workspace back, fails the run, and is repeated by the next', async () => {
    const publish = async ({ workspace }: Alert) => {
      if (workspace === 'dev-workspace') throw new Error('topic is gone');
    };
    const both = { ...metered, 'ml-workspace': { month: 250 * USD } };
    const { run, sent } = monitor({ now: NIGHT, metered: both, publish });
    await expect(run()).rejects.toThrow('topic is gone');
    expect(sent.map(({ workspace }) => workspace)).toEqual(['ml-workspace']);
    await run({ publish: async () => {} });
    expect(sent.map(({ workspace }) => workspace)).toEqual(['ml-workspace', 'dev-workspace']);
  });
});

describe('a report that Mistral does not give', () => {
  const usage = async ({ workspaceId }: UsageQuery) => {
    if (workspaceId === DEV_ID) throw new Error('connection broken');
    return billed(26);
  };

  test('stops no other workspace, and what is metered still counts', async () => {
    const metered = { 'dev-workspace': { month: 40 * USD } };
    const { run, sent } = monitor({ usage, metered, now: NIGHT });
    const { problems, spend } = await run();
    expect(problems).toEqual([
      "Mistral's usage report could not be read (dev-workspace): connection broken",
    ]);
    expect(sent.map(({ title }) => title)).toEqual([
      'dev-workspace has spent 80 % (40.00 of 50.00 USD) of its monthly budget',
      'ml-workspace has spent 52 % (26.00 of 50.00 USD) of its daily budget',
    ]);
    expect(spend.filter(({ workspace }) => workspace === 'prod-workspace')).toHaveLength(3);
  });

  test('is an alert when it lasts for an hour', async () => {
    const { run, sent } = monitor({ usage });
    await run({ now: NIGHT });
    expect(sent.map(({ type }) => type)).not.toContain('reconciliation-drift');
    await run({ now: new Date('2026-11-24T03:40:00Z') });
    expect(sent.find(({ type }) => type === 'reconciliation-drift')).toMatchObject({
      workspace: 'dev-workspace',
      facts: { 'dev-workspace': 'connection broken' },
    });
  });

  test('in time is not waited for, so that what is metered is reported', async () => {
    let clock = NIGHT.getTime();
    const world = monitor({
      metered: { 'prod-workspace': { hour: 50 * USD } },
      timeOf: () => new Date(clock),
      usage: async () => {
        clock += 60_000;
        throw new Error('no answer');
      },
    });
    const { problems } = await world.run();
    expect(world.asked).toHaveLength(2);
    expect(problems).toContainEqual(
      expect.stringContaining('could not be read (prod-workspace): Mistral was not asked'),
    );
    expect(world.sent.map(({ title }) => title)).toEqual([
      'prod-workspace exhausted its hourly budget, requests blocked until 2026-11-24 03:00 UTC',
    ]);
  });

  test('because it is in another currency says so and counts nothing of it', async () => {
    const { run } = monitor({ usage: async () => billed(1000, '2026-11-24', { currency: 'EUR' }) });
    const { problems, alertsSent, spend } = await run();
    expect(problems).toContain(
      "Mistral's usage report could not be read (ml-workspace): Mistral bills in EUR, the policy's budgets are in USD",
    );
    expect(alertsSent).toBe(0);
    expect(spend[0]).toMatchObject({ spentNanos: 0, billedNanos: undefined });
  });
});

test('counters that cannot be read leave what Mistral bills', async () => {
  const totals = () => Promise.reject(new Error('throttled'));
  const { run, sent } = monitor({ totals, usage: async () => billed(26) });
  expect((await run()).problems).toContain(
    'metered spend could not be read (dev-workspace): throttled',
  );
  expect(sent.map(({ workspace }) => workspace).sort()).toEqual(['dev-workspace', 'ml-workspace']);
});

describe('without the gateway', () => {
  test('nothing is metered, nothing reconciled, and the bill counts alone', async () => {
    const { run, sent } = monitor({ policy: gatewayOff, usage: async () => billed(26) });
    const { spend } = await run();
    expect(spend.every(({ meteredNanos }) => meteredNanos === undefined)).toBe(true);
    expect(sent.map(({ type }) => type)).toEqual(['spend-threshold', 'spend-threshold']);
    expect(sent[0]?.description).toContain('Its requests are not metered');
  });

  test('what the client library counts is metered all the same', async () => {
    const metered = { 'dev-workspace': { month: 5 * USD } };
    const { spend } = await monitor({ policy: gatewayOff, metered }).run();
    expect(spend.map(({ meteredNanos }) => meteredNanos)).toEqual([
      5 * USD,
      ...Array(5).fill(undefined),
    ]);
  });
});

describe('a month that ended a moment ago', () => {
  const now = new Date('2026-12-01T00:10:00Z');

  test('is reported by what was metered where its report cannot be read, which is a problem', async () => {
    const usage = async ({ month }: UsageQuery) => {
      if (month === 11) throw new Error('connection broken');
      return billed(0);
    };
    const closed = { 'dev-workspace': { month: 41 * USD } };
    const { run, sent } = monitor({ now, usage, closed });
    expect((await run()).problems).toHaveLength(3);
    expect(sent.map(({ title }) => title)).toEqual([
      'dev-workspace ended the month 2026-11 at 82 % (41.00 of 50.00 USD) of its monthly budget',
    ]);
  });

  test('is reported by the next run where its counters cannot be read', async () => {
    const usage = async ({ month }: UsageQuery) => billed(month === 11 ? 50 : 0);
    const totals = () => Promise.reject(new Error('throttled'));
    const closed = { 'dev-workspace': { month: 50 * USD } };
    const { run, sent } = monitor({ now, usage, totals, closed });
    await run();
    expect(sent).toEqual([]);
    await run({ now: new Date('2026-12-01T00:25:00Z'), totals: undefined });
    const { description } = sent.find(({ workspace }) => workspace === 'dev-workspace') as Alert;
    expect(description).toContain('the gateway and the client library refused requests');
  });

  test('was metered by the client library, even if it counted nothing since', async () => {
    const closed = { 'dev-workspace': { month: 50 * USD } };
    const { run, sent } = monitor({ now, policy: gatewayOff, closed });
    const { spend } = await run();
    expect(sent.map(({ facts }) => facts.requests)).toEqual(['blocked']);
    expect(spend[0]).toMatchObject({ windowName: '2026-12', spentNanos: 0 });
  });
});

test('a workspace without budgets has its bill alone', async () => {
  const policy = aPolicy((document) => {
    document.gateway = { enabled: true };
    for (const workspace of document.workspaces) workspace.budgets = {};
    document.workspaces[2].overflowTo = [];
  });
  const { run, metered } = monitor({ policy, usage: async () => billed(26) });
  const { spend, alertsSent } = await run();
  expect(metered).toEqual([]);
  expect(alertsSent).toBe(0);
  expect(spend).toHaveLength(3);
  expect(spend[0]).toMatchObject({ window: 'month', spentNanos: 26 * USD, budgetNanos: undefined });
});

describe('the day before', () => {
  const yesterday = '2026-11-23';

  test('is reconciled once, from six in the morning on, with its own counters', async () => {
    const metered = { 'ml-workspace': { day: 9 * USD }, 'prod-workspace': { day: 12 * USD } };
    const world = monitor({ metered, usage: async () => billed(12, yesterday) });
    await world.run({ now: NIGHT });
    expect(world.sent).toEqual([]);
    await world.run({ now: new Date('2026-11-24T06:40:00Z') });
    expect(world.sent.map(({ title }) => title)).toEqual([
      'ml-workspace has spend outside the gateway (3.00 USD, 2026-11-23)',
    ]);
    const reads = world.metered.filter(({ at }) => at.toISOString().startsWith(yesterday));
    expect(reads.map(nameOf)).toEqual([
      'workspace#ml-workspace day',
      'workspace#prod-workspace day',
      `borrowed#${PROD_ID} day`,
    ]);
    const before = world.metered.length;
    await world.run();
    expect(world.metered.length - before).toBe(9);
    expect(world.sent).toHaveLength(1);
  });

  test('is right for workspaces that borrow and lend: Mistral bills the key that sends', async () => {
    const metered = {
      'prod-workspace': { day: 12 * USD },
      [`borrowed#${PROD_ID}`]: { day: 5 * USD },
      'ml-workspace': { day: 9 * USD },
      [`lent#${ML_ID}`]: { day: 5 * USD },
    };
    const bills: Record<string, number> = { [DEV_ID]: 0, [ML_ID]: 9, [PROD_ID]: 7 };
    const world = monitor({
      metered,
      usage: async ({ workspaceId = '' }) => billed(bills[workspaceId] ?? 0, yesterday),
    });
    await world.run({ now: new Date('2026-11-24T06:40:00Z') });
    expect(world.sent.filter(({ type }) => type === 'reconciliation-drift')).toEqual([]);
    // What is not metered is still found, on either side.
    const outside = monitor({
      metered,
      usage: async ({ workspaceId = '' }) => billed((bills[workspaceId] ?? 0) + 3, yesterday),
    });
    await outside.run({ now: new Date('2026-11-24T06:40:00Z') });
    expect(
      outside.sent.filter(({ type }) => type === 'reconciliation-drift').map(({ title }) => title),
    ).toEqual([
      'ml-workspace has spend outside the gateway (3.00 USD, 2026-11-23)',
      'prod-workspace has spend outside the gateway (3.00 USD, 2026-11-23)',
    ]);
  });

  test('in the month before takes its report and its counters', async () => {
    const first = new Date('2026-12-01T06:00:00Z');
    const world = monitor({
      now: first,
      metered: { 'dev-workspace': { month: 20 * USD } },
      usage: async ({ month }) => (month === 11 ? billed(30, '2026-11-30') : billed(0)),
    });
    await world.run();
    expect(world.asked.map(({ month }) => month).sort()).toEqual([11, 11, 11, 12, 12, 12]);
    const drifts = world.sent.filter(({ type }) => type === 'reconciliation-drift');
    expect(drifts.find(({ workspace }) => workspace === 'dev-workspace')?.facts).toMatchObject({
      period: '2026-11',
      'reported by Mistral': '30.00 USD',
    });
  });
});

test('without the Admin API, spend is what was metered, with nothing missing from it', async () => {
  const { run, sent, rows, asked } = monitor({
    policy: aPolicy((document) => {
      document.mistral = { keySource: 'operator' };
    }),
    organization: undefined,
    metered: { 'dev-workspace': { month: 45 * USD } },
  });
  const { problems, spend } = await run();
  expect(asked).toEqual([]);
  expect(problems).toEqual([]);
  expect(sent.map(({ type, workspace }) => [type, workspace])).toEqual([
    ['spend-threshold', 'dev-workspace'],
  ]);
  expect(spend.find(({ workspace }) => workspace === 'dev-workspace')).toMatchObject({
    spentNanos: 45 * USD,
    billedNanos: undefined,
    percent: 90,
  });
  expect(rows).toEqual(spend);
});

test('a deploy that changes the currency is reported by the next run, once', async () => {
  const inEuros = aPolicy((document) => {
    document.mistral.currency = 'EUR';
    for (const workspace of document.workspaces) {
      workspace.budgets = { monthlyEur: 50 };
      workspace.lends = {};
    }
  });
  const usage = async () => billed(0, '2026-11-24', { currency: undefined });
  const { run, sent } = monitor({ usage });
  await run();
  expect(sent).toEqual([]);
  await run({ usage, policy: inEuros });
  await run({ usage, policy: inEuros });
  expect(sent.map(({ type, title }) => `${type}: ${title}`)).toEqual([
    'currency-changed: Budgets of 3 workspaces count from zero, in EUR instead of USD',
  ]);
});
