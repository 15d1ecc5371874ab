import { expect, test } from 'vitest';
import { recordSpend } from '../../../governance/spend/spend-metrics.js';
import type { SpendRow } from '../../../governance/spend/spend-row.js';
import { metricLines } from '../../support/metric-lines.js';

function aRow(change: Partial<SpendRow> = {}): SpendRow {
  return {
    workspace: 'ml-workspace',
    window: 'month',
    windowName: '2026-11',
    currency: 'USD',
    spentNanos: 412_500_000_000,
    meteredNanos: undefined,
    billedNanos: 412_500_000_000,
    budgetNanos: 500_000_000_000,
    percent: 82.5,
    forecast: undefined,
    ...change,
  };
}

function recorded(rows: readonly SpendRow[]) {
  return metricLines((lines) => recordSpend(lines, rows));
}

test('each workspace is one line of spend, budget and percent for each window', () => {
  const [ml, dev, ...more] = recorded([
    aRow(),
    aRow({ window: 'day', spentNanos: 12_345_678, budgetNanos: 50_000_000_000, percent: 0.02 }),
    aRow({ workspace: 'dev-workspace' }),
  ]);
  expect(more).toEqual([]);
  expect(ml?.under).toBe('workspace=ml-workspace');
  expect(ml?.raw).toMatchObject({
    MonthSpend: 412.5,
    MonthBudget: '500',
    MonthPercent: 82.5,
    DaySpend: 0.012345678,
    DayBudget: '50',
    DayPercent: 0.02,
  });
  expect(dev).toMatchObject({ under: 'workspace=dev-workspace', metrics: { MonthSpend: 412.5 } });
  expect(dev?.raw).not.toHaveProperty('DaySpend');
});

test('a budget is not a separate, charged metric', () => {
  const [line] = recorded([aRow()]);
  expect(Object.keys(line?.metrics ?? {})).toEqual(['MonthSpend', 'MonthPercent']);
});

test('spend without a budget has no budget and no percent', () => {
  const [line] = recorded([aRow({ budgetNanos: undefined, percent: undefined })]);
  expect(Object.keys(line?.metrics ?? {})).toEqual(['MonthSpend']);
  expect(line?.raw).not.toHaveProperty('MonthBudget');
});

test('no rows are no line', () => {
  expect(recorded([])).toEqual([]);
});
