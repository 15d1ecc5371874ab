import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { expect, test } from 'vitest';
import { createSpendMetrics, METRICS_NAMESPACE } from '../../lambdas/adapters/spend-metrics.js';
import type { SpendRow } from '../../lambdas/domain/spend/spend-row.js';

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

/** The lines that CloudWatch would read. */
function recorded(rows: readonly SpendRow[]) {
  const lines: string[] = [];
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  const stdout = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  Object.assign(metrics, { console: new Console({ stdout }) });
  createSpendMetrics(metrics).record(rows);
  return lines.map((line) => JSON.parse(line));
}

test('each workspace is one line of spend, budget and percent for each window', () => {
  const [ml, dev, ...more] = recorded([
    aRow(),
    aRow({ window: 'day', spentNanos: 12_345_678, budgetNanos: 50_000_000_000, percent: 0.02 }),
    aRow({ workspace: 'dev-workspace' }),
  ]);
  expect(more).toEqual([]);
  expect(ml).toMatchObject({
    workspace: 'ml-workspace',
    MonthSpend: 412.5,
    MonthBudget: '500',
    MonthPercent: 82.5,
    DaySpend: 0.012345678,
    DayBudget: '50',
    DayPercent: 0.02,
  });
  expect(dev).toMatchObject({ workspace: 'dev-workspace', MonthSpend: 412.5 });
  expect(dev).not.toHaveProperty('DaySpend');
});

test('the workspace is the only dimension', () => {
  const [line] = recorded([aRow()]);
  expect(line._aws.CloudWatchMetrics[0]).toMatchObject({
    Namespace: 'MistralGovernance',
    Dimensions: [['workspace']],
  });
});

test('a budget is paid for as no metric of its own', () => {
  const [line] = recorded([aRow()]);
  expect(namesOf(line)).toEqual(['MonthSpend', 'MonthPercent']);
});

test('spend without a budget has no budget and no percent', () => {
  const [line] = recorded([aRow({ budgetNanos: undefined, percent: undefined })]);
  expect(namesOf(line)).toEqual(['MonthSpend']);
  expect(line).not.toHaveProperty('MonthBudget');
});

test('no rows are no line', () => {
  expect(recorded([])).toEqual([]);
});

function namesOf(line: { _aws: { CloudWatchMetrics: { Metrics: { Name: string }[] }[] } }) {
  return line._aws.CloudWatchMetrics[0]?.Metrics.map(({ Name }) => Name);
}
