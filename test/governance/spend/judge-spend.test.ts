import { describe, expect, test } from 'vitest';
import { judgeSpend } from '../../../governance/spend/judge-spend.js';
import { markTold, NOTHING_TOLD, type SpendState } from '../../../governance/spend/spend-state.js';
import type { WorkspaceSpend } from '../../../governance/spend/workspace-spend.js';
import { aPolicy } from '../../support/builders.js';
import { aBill, aSpend, USD } from '../../support/spend-builders.js';
import { aPrice, aReport, aRow, models } from '../../support/usage-reports.js';

// dev-workspace has 50 a month; ml-workspace 50 a day and 500 a month; prod-workspace all three.
const NOON = new Date('2026-11-24T12:00:00Z');
const rules = { thresholds: [50, 80, 95, 100, 150], quotaTableName: 'quotas' };

function judge(spend: WorkspaceSpend, state: SpendState = NOTHING_TOLD, now = NOON) {
  const judged = judgeSpend(spend, state, rules, now);
  return { ...judged, titles: judged.tellings.map(({ alert }) => alert.title) };
}

/** Judges as often as there are spends, a quarter of an hour apart, and tells each time. */
function titlesOver(spends: readonly WorkspaceSpend[], first = NOON): string[][] {
  let state = NOTHING_TOLD;
  return spends.map((spend, at) => {
    const now = new Date(first.getTime() + at * 15 * 60_000);
    const judged = judge(spend, state, now);
    const marks = judged.tellings.flatMap((telling) => telling.marks);
    state = markTold(judged.state, marks, now);
    return judged.titles;
  });
}

const dev = (metered: number, billed = 0) =>
  aSpend('dev-workspace', { month: metered }, { billed: aBill({ totalNanos: billed }) });

describe('a threshold', () => {
  test('is told once, and of several reached at once the highest', () => {
    expect(titlesOver([24.9, 25, 26, 47.6, 47.7].map((dollars) => dev(dollars * USD)))).toEqual([
      [],
      ['dev-workspace has spent 50% of its monthly budget'],
      [],
      ['dev-workspace has spent 95% of its monthly budget'],
      [],
    ]);
  });

  test('is told again in the next window', () => {
    const prod = (hour: number) => aSpend('prod-workspace', { hour: hour * USD });
    const quarters = [40, 40, 0, 0, 40].map(prod);
    const told = ['prod-workspace has spent 80% of its hourly budget'];
    expect(titlesOver(quarters, new Date('2026-11-24T12:30:00Z'))).toEqual([
      told,
      [],
      [],
      [],
      told,
    ]);
  });

  test('is reached by what Mistral bills as by what is metered', () => {
    expect(judge(dev(0, 26 * USD)).titles).toEqual([
      'dev-workspace has spent 50% of its monthly budget',
    ]);
  });

  test('counts what is metered where Mistral cannot be asked', () => {
    const spend = { ...dev(40 * USD), billed: undefined };
    expect(judge(spend).titles).toEqual(['dev-workspace has spent 80% of its monthly budget']);
  });
});

describe('a budget', () => {
  test('is used up for metered requests when less than 1% is left, and that is told once', () => {
    const spends = [49.49, 49.5, 49.9, 50].map((dollars) => dev(dollars * USD));
    expect(titlesOver(spends)).toEqual([
      ['dev-workspace has spent 95% of its monthly budget'],
      ['The monthly budget of dev-workspace is used up'],
      [],
      [],
    ]);
  });

  test('that nothing meters is used up at its limit, and thresholds beyond are told', () => {
    const spends = [49.9, 50, 60, 75].map((dollars) => ({
      ...dev(0, dollars * USD),
      isMetered: false,
    }));
    expect(titlesOver(spends)).toEqual([
      ['dev-workspace has spent 95% of its monthly budget'],
      ['The monthly budget of dev-workspace is used up'],
      [],
      ['dev-workspace has spent 150% of its monthly budget'],
    ]);
  });

  test('is not used up by a bill of 99%, since that refuses nobody', () => {
    expect(judge(dev(0, 49.6 * USD)).titles).toEqual([
      'dev-workspace has spent 95% of its monthly budget',
    ]);
  });
});

test('each budget of a workspace has its own alert', () => {
  const metered = { hour: 50 * USD, day: 101 * USD, month: 101 * USD };
  expect(judge(aSpend('prod-workspace', metered)).titles).toEqual([
    'The hourly budget of prod-workspace is used up',
    'prod-workspace has spent 50% of its daily budget',
  ]);
});

test('a workspace without budgets has nothing to tell', () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].budgets = {};
  });
  const billed = aBill({ totalNanos: 1e6 * USD });
  const { statuses, titles, state } = judge(aSpend('dev-workspace', {}, { billed }, policy));
  expect([statuses, titles, state]).toEqual([[], [], NOTHING_TOLD]);
});

test('budgets in euros are told in euros', () => {
  const policy = aPolicy((document) => {
    document.mistral.currency = 'EUR';
    for (const workspace of document.workspaces) workspace.budgets = { monthlyEur: 50 };
  });
  const { tellings } = judge(aSpend('dev-workspace', { month: 30 * USD }, {}, policy));
  expect(tellings[0]?.alert.facts.spent).toBe('30.00 EUR, 60%');
});

describe('a forecast', () => {
  // By noon 10 of 500 were spent: 20 a day are 130 more until the month ends in 6.5 days.
  const ml = (month: number) => aSpend('ml-workspace', { day: 10 * USD, month: month * USD });

  test('is told once a day while it holds', () => {
    const told = ["At today's rate the monthly budget of ml-workspace ends on 2026-11-30"];
    const state = markTold(
      NOTHING_TOLD,
      judge(ml(380)).tellings.flatMap(({ marks }) => marks),
      NOON,
    );
    // The threshold comes first.
    expect(judge(ml(380)).titles).toEqual(['ml-workspace has spent 50% of its monthly budget']);
    const forecast = judge(ml(380), state);
    expect(forecast.titles).toEqual(told);
    const after = markTold(
      state,
      forecast.tellings.flatMap(({ marks }) => marks),
      NOON,
    );
    expect(judge(ml(385), after, new Date('2026-11-24T23:00:00Z')).titles).toEqual([]);
    expect(judge(ml(390), after, new Date('2026-11-25T12:00:00Z')).titles).toEqual(told);
  });

  test('is not told where the budget lasts', () => {
    expect(judge(ml(240)).titles).toEqual([]);
  });

  test('knows the day of a workspace with a monthly budget alone from its first look', () => {
    const midnight = new Date('2026-11-24T00:10:00Z');
    const opened = judge(dev(17 * USD), NOTHING_TOLD, midnight).state;
    expect(opened.opening).toEqual({ day: '2026-11-24', meteredNanos: 17 * USD });
    // 3 in half a day are 39 in the 6.5 days left: 20 + 39 > 50.
    expect(judge(dev(20 * USD), opened).titles).toEqual([
      "At today's rate the monthly budget of dev-workspace ends on 2026-11-29",
    ]);
    expect(judge(dev(20 * USD)).titles).toEqual([]);
  });

  test('knows that a month is empty when it begins, however late the first look', () => {
    const noon = new Date('2026-12-01T12:00:00Z');
    expect(judge(dev(3 * USD), NOTHING_TOLD, noon).state.opening).toEqual({
      day: '2026-12-01',
      meteredNanos: 0,
    });
  });

  test('takes nothing for the day that a late first look cannot tell apart', () => {
    expect(judge(dev(17 * USD)).state.opening).toBeUndefined();
  });
});

describe('usage without a price', () => {
  const row = (billingMetric: string) => ({
    category: 'ocr',
    billingMetric,
    billingGroup: 'pages',
    value: 7,
  });
  const withRows = (...metrics: string[]) =>
    aSpend('dev-workspace', {}, { billed: aBill({ unpriced: metrics.map(row) }) });

  test('is told once a month for each kind', () => {
    const told = ["Usage of dev-workspace has no price in Mistral's report"];
    expect(titlesOver([withRows('a', 'a'), withRows('a'), withRows('a', 'b')])).toEqual([
      told,
      [],
      told,
    ]);
  });
});

test('an alert names what most of the money went to', () => {
  const usage = aReport(
    [aPrice('mistral-large-2512', 'output', '0.0000015'), aPrice('ocr-4', 'pages', '0.004')],
    {
      completion: models(aRow('mistral-large-2512', 'output', 18_000_000)),
      libraries_api: { pages: models(aRow('ocr-4', 'pages', 250)) },
    },
  );
  const { tellings } = judge({ ...dev(26 * USD), usage });
  expect(tellings[0]?.alert.facts['dearest this month']).toBe(
    'mistral-large-2512 27.00 USD, ocr-4 1.00 USD',
  );
});

test('what was told in windows that are over is forgotten', () => {
  const hour = (at: string) => ({ key: at, until: new Date(`2026-11-24T${at}:00Z`) });
  const before = markTold(NOTHING_TOLD, [hour('11:00'), hour('12:00'), hour('13:00')], NOON);
  expect(Object.keys(markTold(before, [hour('14:00')], NOON).told)).toEqual(['13:00', '14:00']);
});
