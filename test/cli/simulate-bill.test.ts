import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBill } from '../../cli/simulation/bill-file.js';
import { replayBill } from '../../cli/simulation/replay-bill.js';
import type { Workspace } from '../../governance/policy/policy.js';
import { createFakeUsage } from '../../testing/fakes/mistral-usage.js';
import { aPolicy } from '../support/builders.js';
import { documentOf, runCli } from './run-cli.js';

const folder = mkdtempSync(join(tmpdir(), 'simulate-bill-'));
const NOVEMBER = new Date('2026-11-01T00:00:00Z');
const ML = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';
const path = join(folder, 'usage-2026-11.json');

/** Millions of prompt tokens of mistral-large a day: half a dollar each. */
function bill(millionsByDay: Readonly<Record<string, number>>, change = {}): string {
  const usage = createFakeUsage();
  for (const [day, millions] of Object.entries(millionsByDay)) {
    usage.recordUsage(ML, 'mistral-large-2512', day, millions * 1_000_000, 0);
  }
  const report = usage.report(NOVEMBER, new Date('2026-11-24T10:00:00Z'), ML);
  writeFileSync(path, JSON.stringify({ ...(report as object), ...change }, null, 2));
  return path;
}

const policy = aPolicy(({ workspaces }) => {
  workspaces[1].budgets = { dailyUsd: 20, monthlyUsd: 50 };
});
const replay = (file: string) =>
  replayBill(policy, policy.workspaces[1] as Workspace, readBill(file, 'USD'));

describe("a replay of Mistral's own report", () => {
  test('alerts on the day on which a budget reached its thresholds', () => {
    const { alerts, budgets, exceeded, spentNanos } = replay(
      bill({ '2026-11-02': 30, '2026-11-03': 50, '2026-11-04': 30 }),
    );
    expect(spentNanos).toBe(55e9);
    expect(exceeded).toEqual([
      { window: 'day', windowName: '2026-11-03', budgetNanos: 20e9, spentNanos: 25e9 },
      { window: 'month', windowName: '2026-11', budgetNanos: 50e9, spentNanos: 55e9 },
    ]);
    expect(budgets.map(({ window, windows }) => [window, windows.length])).toEqual([
      ['day', 3],
      ['month', 1],
    ]);
    const sent = alerts.map(({ at, type, title }) => {
      const [window] = /daily|monthly/.exec(title) ?? [];
      return [at.toISOString().slice(8, 10), type, window];
    });
    expect(sent).toEqual([
      ['02', 'spend-threshold', 'daily'],
      ['03', 'budget-exhausted', 'daily'],
      ['03', 'spend-threshold', 'monthly'],
      ['04', 'spend-threshold', 'daily'],
      ['04', 'budget-exhausted', 'monthly'],
    ]);
  });

  test('reports usage without a price in the bill', () => {
    const { unpriced, spentNanos } = replay(bill({ '2026-11-02': 1 }, { prices: [] }));
    expect(spentNanos).toBe(0);
    expect(unpriced).toMatchObject([{ billingMetric: 'mistral-large-2512', value: 1_000_000 }]);
  });

  test('may be in a currency of any case', () => {
    expect(replay(bill({ '2026-11-02': 1 }, { currency: 'usd' })).spentNanos).toBe(0.5e9);
  });

  test('counts beyond nine million', () => {
    expect(replay(bill({ '2026-11-02': 40_000_001 })).spentNanos).toBe(20_000_000_500_000_000);
  });

  test('subtracts refunds on their day', () => {
    const { budgets, spentNanos } = replay(bill({ '2026-11-02': 30, '2026-11-03': -10 }));
    expect(spentNanos).toBe(10e9);
    expect(budgets[0]?.windows).toEqual([
      { windowName: '2026-11-02', spentNanos: 15e9 },
      { windowName: '2026-11-03', spentNanos: -5e9 },
    ]);
  });

  describe('is of the month that it says, in UTC', () => {
    const row = (timestamp: string) => ({
      value: 2_000_000,
      timestamp,
      billing_metric: 'mistral-large-2512',
      billing_group: 'input',
    });
    const report = (start: string | null, end: string | null, ...timestamps: string[]) =>
      bill(
        {},
        {
          start_date: start,
          end_date: end,
          completion: { models: { 'mistral-large-2512': { input: timestamps.map(row) } } },
        },
      );

    test.each<[string, string | null, string | null, string[], string, string, string[]]>([
      [
        'whose last row is in the next year elsewhere',
        '2026-12-01T00:00:00Z',
        '2027-01-01T00:00:00Z',
        ['2026-12-30', '2027-01-01T00:30:00+01:00'],
        '2026-12-01',
        '2026-12-31',
        ['2026-12-30', '2026-12-31'],
      ],
      [
        'that begins in another zone',
        '2026-12-01T00:00:00+01:00',
        '2027-01-01T00:00:00+01:00',
        ['2026-12-04T23:30:00-02:00'],
        '2026-12-01',
        '2026-12-05',
        ['2026-12-05'],
      ],
      [
        'with rows of the months around it',
        '2026-12-01T00:00:00Z',
        null,
        ['2026-11-30', '2026-12-02', '2027-01-01T00:00:01Z'],
        '2026-12-01',
        '2026-12-02',
        ['2026-11-30', '2026-12-02', '2027-01-01'],
      ],
      [
        'that only rows tell',
        null,
        null,
        ['2027-01-01T00:30:00+01:00'],
        '2026-12-01',
        '2026-12-31',
        ['2026-12-31'],
      ],
      ['without rows', '2026-12-01T00:00:00Z', null, [], '2026-12-01', '2026-12-01', []],
    ])('%s', (_what, start, end, timestamps, from, to, days) => {
      const { period, budgets } = replay(report(start, end, ...timestamps));
      expect(period).toEqual({ from, to });
      expect(budgets.map(({ windows }) => windows.map(({ windowName }) => windowName))).toEqual([
        days,
        ['2026-12'],
      ]);
    });

    test('and fails where nothing tells', () => {
      expect(() => replay(report(null, null))).toThrow('neither its rows nor start_date name one');
    });
  });

  test.each([
    ['another currency', () => bill({}, { currency: 'EUR' }), 'is in EUR, the policy'],
    [
      'requests',
      () => write('{"at":"2026-11-24T09:30:00Z"}'),
      'is not an answer of GET /v1/admin/us',
    ],
    ['two documents', () => write('{}\n{}'), 'must be one JSON object'],
  ])('fails for a file of %s', (_what, file, said) => {
    expect(() => replay(file())).toThrow(said);
  });
});

function write(text: string): string {
  writeFileSync(path, text);
  return path;
}

test('simulate --workspace names what it could not count', async () => {
  const file = bill(
    { '2026-11-03': 2 },
    {
      fine_tuning: { training: {}, storage: { 'ft-large': 2 } },
      ocr: { models: { ocr: { pages: [{ value: 'few' }] } } },
    },
  );
  const args = ['simulate', '--usage', file, '--workspace', 'ml-workspace'];
  const { stdout } = await runCli(args);
  expect(stdout).toMatch(/^✓ ml-workspace spent 1\.00 USD /m);
  expect(stdout).toContain(
    'not counted, because the bill has no price for it: fine_tuning ft-large storage',
  );
  expect(stdout).toContain('not counted, because its amount cannot be read: ocr ocr pages');
  expect(documentOf(await runCli([...args, '--json']))).toMatchObject({
    unpriced: [{ billingMetric: 'ft-large', value: 2 }],
    unreadable: [{ billingMetric: 'ocr', given: 'few' }],
  });
});

test('simulate --workspace replays a report', async () => {
  const args = ['simulate', '--usage', bill({ '2026-11-03': 130 }), '--workspace', 'ml-workspace'];
  const words = await runCli(args);
  expect(words.status).toBe(1);
  expect(words.stdout).toMatch(/^✗ ml-workspace spent 65\.00 USD from 2026-11-01 to 2026-11-03$/m);
  expect(words.stdout).toContain('2026-11-03: requests above the budget of 50.00 USD would');
  expect(words.stdout).toMatch(/^2026-11-03 23:59 UTC +critical +budget-exhausted /m);

  const run = await runCli([...args.slice(0, -1), 'ml', '--json']);
  expect(run.status).toBe(2);
  expect(documentOf(run).error.message).toContain('unknown workspace "ml": known are "dev-');
});
