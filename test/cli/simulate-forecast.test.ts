import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { tryMonth } from '../../bench/spend-forecast.js';
import { HOUR_MS, startOfDay } from '../../governance/platform/utc-day.js';
import { type SpendMonth, type SpendPattern, spendMonth } from '../../testing/spend-months.js';
import { aPolicy, policyDocument } from '../support/builders.js';
import { documentOf, runCli } from './run-cli.js';

const NANOS_PER_TOKEN = 10_000_000;

/** The month and the weeks before it as requests of one hour each, under its budget. */
function files({ firstDay, hours, budgetNanos }: SpendMonth): [usage: string, policy: string] {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-forecast-'));
  const usage = join(folder, 'usage.jsonl');
  const startMs = startOfDay(firstDay).getTime();
  const lines = hours.flatMap((nanos, hour) => {
    const promptTokens = Math.round(nanos / NANOS_PER_TOKEN);
    if (promptTokens === 0) return [];
    const at = new Date(startMs + hour * HOUR_MS + HOUR_MS / 2).toISOString();
    const caller = 'arn:aws:iam::111122223333:role/platform-admin';
    return [JSON.stringify({ at, caller, model: 'mistral-large-2512', promptTokens })];
  });
  writeFileSync(usage, lines.join('\n'));
  const document = policyDocument();
  const perMillion = (NANOS_PER_TOKEN / 1e9) * 1e6;
  document.prices = {
    models: { 'mistral-large-2512': { inputPerMillionTokens: perMillion } },
  };
  document.workspaces[2].budgets = { monthlyUsd: Number((budgetNanos / 1e9).toFixed(2)) };
  const policy = join(folder, 'governance.yaml');
  writeFileSync(policy, stringify(document));
  return [usage, policy];
}

test.each<[SpendPattern, number]>([
  ['nightly', 2],
  ['office-hours', 3],
])('a replay of a month (%s) forecasts as the spend monitor does', async (pattern, seed) => {
  const month = spendMonth(pattern, seed);
  const { alertAt, usedPercent } = tryMonth(aPolicy(), month);
  const [usage, policy] = files(month);
  const run = await runCli(['simulate', '--usage', usage, '--policy', policy, '--json']);
  const { alerts } = documentOf(run) as { alerts: { at: string; type: string }[] };
  const forecast = alerts.find(({ at, type }) => type === 'spend-forecast' && at > month.month);
  expect({ usedPercent, isForecast: forecast !== undefined }).toEqual({
    usedPercent,
    isForecast: alertAt !== undefined,
  });
});
