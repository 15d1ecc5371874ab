import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays } from '../../../governance/platform/utc-day.js';
import { type BilledSpend, billedSpend } from '../../../governance/spend/billed-spend.js';
import { judgeSpend } from '../../../governance/spend/judge-spend.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';
import type { WorkspaceSpend } from '../../../governance/spend/workspace-spend.js';
import { aPolicy } from '../../support/builders.js';
import { aBill, aSpend, USD } from '../../support/spend-builders.js';
import { aPrice, aReport, aRow, models } from '../../support/usage-reports.js';

// dev-workspace has 50 a month; ml-workspace 50 a day and 500 a month; prod-workspace all three.
const NOON = new Date('2026-11-24T12:00:00Z');
const rules = { thresholds: [50, 80, 95, 100, 150], quotaTableName: 'quotas' };

function judge(spend: WorkspaceSpend, state: SpendState = NO_ALERTS, now = NOON) {
  const judged = judgeSpend(spend, state, rules, now);
  return { ...judged, titles: judged.pending.map(({ alert }) => alert.title) };
}

/** Judges as often as there are spends, a quarter of an hour apart, and sends each time. */
function titlesOver(spends: readonly WorkspaceSpend[], first = NOON): string[][] {
  let state = NO_ALERTS;
  return spends.map((spend, at) => {
    const now = new Date(first.getTime() + at * 15 * 60_000);
    const judged = judge(spend, state, now);
    state = markSent(judged.state, judged.pending, now);
    return judged.titles;
  });
}

const dev = (metered: number, billed = 0) =>
  aSpend('dev-workspace', { month: metered }, { billed: aBill({ totalNanos: billed }) });

describe('a threshold', () => {
  test('is reported once, and of several reached at once the highest', () => {
    expect(titlesOver([24.9, 25, 26, 47.6, 47.7].map((dollars) => dev(dollars * USD)))).toEqual([
      [],
      ['dev-workspace has spent 50 % (25.00 of 50.00 USD) of its monthly budget'],
      [],
      ['dev-workspace has spent 95 % (47.60 of 50.00 USD) of its monthly budget'],
      [],
    ]);
  });

  test('is reported again in the next window', () => {
    const prod = (hour: number) => aSpend('prod-workspace', { hour: hour * USD });
    const quarters = [40, 40, 0, 0, 40].map(prod);
    const sent = ['prod-workspace has spent 80 % (40.00 of 50.00 USD) of its hourly budget'];
    expect(titlesOver(quarters, new Date('2026-11-24T12:30:00Z'))).toEqual([
      sent,
      [],
      [],
      [],
      sent,
    ]);
  });

  test('is reached by what Mistral bills as by what is metered', () => {
    expect(judge(dev(0, 26 * USD)).titles).toEqual([
      'dev-workspace has spent 52 % (26.00 of 50.00 USD) of its monthly budget',
    ]);
  });

  test('counts what is metered where Mistral does not answer', () => {
    const spend = { ...dev(40 * USD), billed: undefined };
    expect(judge(spend).titles).toEqual([
      'dev-workspace has spent 80 % (40.00 of 50.00 USD) of its monthly budget',
    ]);
  });
});

test('no alert is sent twice, however spend goes up and down, and every threshold is covered', () => {
  const spends = fc.array(fc.nat(60 * USD), { maxLength: 30 });
  fc.assert(
    fc.property(spends, (steps) => {
      let state = NO_ALERTS;
      const keys: string[] = [];
      for (const metered of steps) {
        const { pending, ...judged } = judge(dev(metered), state);
        keys.push(...pending.flatMap(({ marks }) => marks.map(({ key }) => key)));
        state = markSent(judged.state, pending, NOON);
      }
      const most = Math.max(0, ...steps);
      const reached = [50, 80, 95].filter((percent) => most * 100 >= percent * 50 * USD);
      expect(keys).toHaveLength(new Set(keys).size);
      expect(keys).toEqual(
        expect.arrayContaining(reached.map((percent) => `usd#2026-11#${percent}`)),
      );
    }),
  );
});

describe('a budget', () => {
  test('is exhausted for metered requests when less than 1% is left, which is reported once', () => {
    const spends = [49.49, 49.5, 49.9, 50].map((dollars) => dev(dollars * USD));
    expect(titlesOver(spends)).toEqual([
      ['dev-workspace has spent 98 % (49.49 of 50.00 USD) of its monthly budget'],
      ['dev-workspace exhausted its monthly budget, requests blocked until 2026-12-01 00:00 UTC'],
      [],
      [],
    ]);
  });

  test('that is not metered is exhausted at its limit, and thresholds beyond are reported', () => {
    const spends = [49.9, 50, 60, 75].map((dollars) => ({
      ...dev(0, dollars * USD),
      isMetered: false,
    }));
    expect(titlesOver(spends)).toEqual([
      ['dev-workspace has spent 99 % (49.90 of 50.00 USD) of its monthly budget'],
      ['dev-workspace exhausted its monthly budget, requests not blocked'],
      [],
      ['dev-workspace has spent 150 % (75.00 of 50.00 USD) of its monthly budget'],
    ]);
  });

  test('is exhausted for a request that was refused, which is a warning, and then for all', () => {
    const refused = (metered: number) => {
      const spend = dev(metered * USD);
      return { ...spend, budgets: spend.budgets.map((one) => ({ ...one, refused: 30 * USD })) };
    };
    expect(titlesOver([dev(22.5 * USD), refused(22.5), refused(23), refused(49.6)])).toEqual([
      [],
      ['dev-workspace exhausted its monthly budget for a request (45 % spent)'],
      [],
      ['dev-workspace exhausted its monthly budget, requests blocked until 2026-12-01 00:00 UTC'],
    ]);
    const [pending] = judge(refused(22.5)).pending;
    expect(pending?.alert).toMatchObject({
      type: 'budget-exhausted',
      severity: 'warning',
      facts: { 'did not fit': 'a request of up to 30.00 USD' },
      data: { refusedNanos: 30 * USD },
    });
    expect(pending?.alert.description).toContain(
      'has spent 45 % (22.50 of 50.00 USD) of its monthly budget. A request that may cost up to 30.00 USD did not fit, and got 402 budget_exhausted.',
    );
  });

  test('is not exhausted by a bill of 99%, since that blocks no request', () => {
    expect(judge(dev(0, 49.6 * USD)).titles).toEqual([
      'dev-workspace has spent 99 % (49.60 of 50.00 USD) of its monthly budget',
    ]);
  });
});

test('each budget of a workspace has its own alert', () => {
  const metered = { hour: 50 * USD, day: 101 * USD, month: 101 * USD };
  expect(judge(aSpend('prod-workspace', metered)).titles).toEqual([
    'prod-workspace exhausted its hourly budget, requests blocked until 2026-11-24 13:00 UTC',
    'prod-workspace has spent 50 % (101.00 of 200.00 USD) of its daily budget',
  ]);
});

test('a workspace without budgets has nothing to report', () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].budgets = {};
  });
  const billed = aBill({ totalNanos: 1e6 * USD });
  const { statuses, titles, state } = judge(aSpend('dev-workspace', {}, { billed }, policy));
  expect([statuses, titles, state]).toEqual([[], [], NO_ALERTS]);
});

test('budgets in euros are reported in euros', () => {
  const policy = aPolicy((document) => {
    document.mistral.currency = 'EUR';
    for (const workspace of document.workspaces) {
      workspace.budgets = { monthlyEur: 50 };
      workspace.lends = {};
    }
  });
  const { pending } = judge(aSpend('dev-workspace', { month: 30 * USD }, {}, policy));
  expect(pending[0]?.alert.facts.spent).toBe('60 % (30.00 of 50.00 EUR)');
});

describe('a forecast', () => {
  const MIDNIGHT = new Date('2026-11-24T00:10:00Z');
  // 20 a day, around the clock, for four weeks.
  const history = Object.fromEntries(
    Array.from({ length: 28 }, (_, index) => [
      addDays('2026-11-24', index - 28),
      Array.from({ length: 24 }, () => 20e6 / 24),
    ]),
  );
  const known: SpendState = { ...NO_ALERTS, history };
  const ml = (month: number) => aSpend('ml-workspace', { day: 10 * USD, month: month * USD });

  test('is sent once a day while it holds', () => {
    // By noon, 20 a day are 130 more until the month ends.
    const sent = ['ml-workspace runs out of its monthly budget on 2026-11-30 at the current rate'];
    const first = judge(ml(380), known);
    // The threshold comes first.
    expect(first.titles).toEqual([
      'ml-workspace has spent 76 % (380.00 of 500.00 USD) of its monthly budget',
    ]);
    const state = markSent(known, first.pending, NOON);
    const forecast = judge(ml(380), state);
    expect(forecast.titles).toEqual(sent);
    const after = markSent(forecast.state, forecast.pending, NOON);
    expect(judge(ml(385), after, new Date('2026-11-24T23:00:00Z')).titles).toEqual([]);
    expect(judge(ml(395), after, new Date('2026-11-25T12:00:00Z')).titles).toEqual(sent);
  });

  test('is not sent where the budget lasts, nor before there is enough to tell', () => {
    expect(judge(ml(240), known).titles).toEqual([]);
    const short = Object.fromEntries(Object.entries(history).slice(15));
    const tooFew = { ...NO_ALERTS, history: short };
    const reached = markSent(tooFew, judge(ml(380), tooFew).pending, NOON);
    expect(judge(ml(380), reached).titles).toEqual([]);
  });

  test('of a workspace with only a monthly budget knows its days from what the month had at midnight', () => {
    const opened = judge(dev(17 * USD), NO_ALERTS, MIDNIGHT).state;
    expect(opened.opening).toEqual({ day: '2026-11-24', meteredNanos: 17 * USD });
    const noon = judge(dev(20 * USD), opened).state;
    expect(noon.history).toEqual({ '2026-11-24': Array(12).fill(250_000) });
    const next = judge(dev(26 * USD), noon, new Date('2026-11-25T00:10:00Z')).state;
    const evening = [...Array(12).fill(250_000), ...Array(12).fill(500_000)];
    expect(next.history?.['2026-11-24']).toEqual(evening);
  });

  test('knows that a month is empty when it begins, however late the first run', () => {
    const noon = new Date('2026-12-01T12:00:00Z');
    expect(judge(dev(3 * USD), NO_ALERTS, noon).state.opening).toEqual({
      day: '2026-12-01',
      meteredNanos: 0,
    });
  });

  test('leaves out the day that a late first run cannot tell apart', () => {
    const { opening, history: noted } = judge(dev(17 * USD)).state;
    expect([opening, noted?.['2026-11-24']]).toEqual([undefined, undefined]);
  });
});

describe('the hours that forecasts are made of', () => {
  const billed = (nanosByDay: Record<string, number>) =>
    aBill({ totalNanos: 1, nanosByDay: new Map(Object.entries(nanosByDay)) });
  const notMetered = (bill: BilledSpend) => ({ ...dev(0), isMetered: false, billed: bill });

  test('are even where Mistral reports only days, and what it bills late is added', () => {
    const first = judge(notMetered(billed({ '2026-11-22': 24 * USD, '2026-11-24': 6 * USD })));
    expect(first.state.history).toMatchObject({
      '2026-11-21': Array(24).fill(0),
      '2026-11-22': Array(24).fill(1e6),
      '2026-11-23': Array(24).fill(0),
      '2026-11-24': Array(12).fill(0.5e6),
    });
    const late = billed({ '2026-11-22': 48 * USD, '2026-11-23': 12 * USD, '2026-11-24': 6 * USD });
    expect(judge(notMetered(late), first.state).state.history).toMatchObject({
      '2026-11-22': Array(24).fill(2e6),
      '2026-11-23': Array(24).fill(0.5e6),
      '2026-11-24': Array(12).fill(0.5e6),
    });
  });

  test('are kept for twelve weeks, and written once an hour', () => {
    const before = { ...NO_ALERTS, history: { '2026-08-31': [1], '2026-09-01': [1] } };
    const first = judge(aSpend('ml-workspace', { day: 12 * USD, month: 12 * USD }), before);
    expect(Object.keys(first.state.history ?? {})).toEqual(['2026-09-01', '2026-11-24']);
    const later = new Date('2026-11-24T12:45:00Z');
    const more = aSpend('ml-workspace', { day: 13 * USD, month: 13 * USD });
    expect(judge(more, first.state, later).state.history).toEqual(first.state.history);
  });
});

test('refunds are subtracted from what a budget has spent', () => {
  const rows = [aRow('nova', 'input', 55), aRow('nova', 'input', -25)];
  const usage = aReport([aPrice('nova', 'input', 1)], { completion: models(...rows) });
  expect(judge({ ...dev(0), billed: billedSpend(usage) }).titles).toEqual([
    'dev-workspace has spent 60 % (30.00 of 50.00 USD) of its monthly budget',
  ]);
});

test('rows that cannot be read are reported once a month for each kind, and not as unpriced', () => {
  const row = { category: 'ocr', billingMetric: 'a', billingGroup: 'pages', given: 'few' };
  const spend = aSpend('dev-workspace', {}, { billed: aBill({ unreadable: [row] }) });
  expect(titlesOver([spend, spend])).toEqual([
    ["Usage of dev-workspace in 2026-11 cannot be read from Mistral's report"],
    [],
  ]);
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

  test('is reported once a month for each kind', () => {
    const sent = ["Usage of dev-workspace in 2026-11 has no price in Mistral's report"];
    expect(titlesOver([withRows('a', 'a'), withRows('a'), withRows('a', 'b')])).toEqual([
      sent,
      [],
      sent,
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
  const { pending } = judge({ ...dev(26 * USD), billed: billedSpend(usage) });
  expect(pending[0]?.alert.facts['most expensive in 2026-11']).toBe(
    'mistral-large-2512 27.00 USD, ocr-4 1.00 USD',
  );
});

test('what was sent about windows that are over is forgotten', () => {
  const hour = (at: string) => ({ key: at, until: new Date(`2026-11-24T${at}:00Z`) });
  const sent = (...hours: string[]) => [{ marks: hours.map(hour) }];
  const before = markSent(NO_ALERTS, sent('11:00', '12:00', '13:00'), NOON);
  expect(Object.keys(markSent(before, sent('14:00'), NOON).sent)).toEqual(['13:00', '14:00']);
});
