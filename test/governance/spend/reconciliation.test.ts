import { describe, expect, test } from 'vitest';
import {
  hasDrift,
  isReconciliationDue,
  judgeReconciliation,
} from '../../../governance/spend/reconciliation.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';
import type { DayBefore, WorkspaceSpend } from '../../../governance/spend/workspace-spend.js';
import { aBill, aSpend, USD } from '../../support/spend-builders.js';

const MORNING = new Date('2026-11-24T06:00:00Z');
const FIRST = new Date('2026-12-01T06:00:00Z');
const bill = aBill({
  totalNanos: 100 * USD,
  nanosByDay: new Map([
    ['2026-11-22', 30 * USD],
    ['2026-11-23', 12 * USD],
    ['2026-11-24', 50 * USD],
  ]),
});

function judge(
  workspace: string,
  dayBefore: Partial<DayBefore>,
  { state = NO_ALERTS, now = MORNING, change = {} as Partial<WorkspaceSpend> } = {},
) {
  const spend = aSpend(
    workspace,
    {},
    {
      dayBefore: {
        meteredNanos: undefined,
        monthMeteredNanos: undefined,
        billed: bill,
        ...dayBefore,
      },
      ...change,
    },
  );
  const judged = judgeReconciliation(spend, state, now);
  const [drift] = judged.pending;
  return { ...judged, title: drift?.alert.title, facts: drift?.alert.facts };
}

const opened = (meteredNanos: number, day = '2026-11-24'): SpendState => ({
  sent: {},
  opening: { day, meteredNanos },
});

test.each([
  ['before six in the morning', '2026-11-24T05:59:59Z', NO_ALERTS, false],
  ['from six on', '2026-11-24T06:00:00Z', NO_ALERTS, true],
  [
    'when it was done today',
    '2026-11-24T20:00:00Z',
    judge('ml-workspace', { meteredNanos: 12 * USD }).state,
    false,
  ],
  [
    'when it was done yesterday',
    '2026-11-25T06:00:00Z',
    judge('ml-workspace', { meteredNanos: 12 * USD }).state,
    true,
  ],
])('%s a reconciliation is due or not', (_name, at, state, isDue) => {
  expect(isReconciliationDue(state, new Date(at))).toBe(isDue);
});

describe('a day that was metered', () => {
  test.each([
    [12, undefined],
    [11.5, undefined],
    [11, 'ml-workspace has spend outside the gateway (1.00 USD, 2026-11-23)'],
    [13, 'Mistral bills ml-workspace less than was metered (1.00 USD, 2026-11-23)'],
  ])('at %d of 12 billed is reported as %s', (dollars, title) => {
    expect(judge('ml-workspace', { meteredNanos: dollars * USD }).title).toBe(title);
  });

  test('is done only once the alert about it is sent', () => {
    const { state, pending } = judge('ml-workspace', { meteredNanos: 0 });
    expect(isReconciliationDue(state, MORNING)).toBe(true);
    const after = markSent(state, pending, MORNING);
    expect(isReconciliationDue(after, MORNING)).toBe(false);
  });

  test('of which Mistral reports nothing cost nothing', () => {
    const { facts } = judge('ml-workspace', { meteredNanos: USD, billed: aBill() });
    expect(facts).toMatchObject({ period: '2026-11-23', 'reported by Mistral': '0.00 USD' });
  });
});

describe('a month without metered days', () => {
  test('is compared until the day before, and reported once', () => {
    const drift = judge('dev-workspace', {}, { state: opened(20 * USD) });
    expect(drift.facts).toMatchObject({
      period: '2026-11 until 2026-11-23',
      metered: '20.00 USD',
      'reported by Mistral': '42.00 USD',
    });
    const sent = markSent(opened(25 * USD, '2026-11-25'), drift.pending, MORNING);
    const now = new Date('2026-11-25T06:00:00Z');
    const again = judge('dev-workspace', {}, { state: sent, now });
    expect(again.title).toBeUndefined();
    expect(isReconciliationDue(again.state, now)).toBe(false);
  });

  test('waits for a day whose opening is known', () => {
    for (const state of [NO_ALERTS, opened(20 * USD, '2026-11-23')]) {
      expect(judge('dev-workspace', {}, { state })).toEqual({ pending: [], state });
    }
  });

  test('is compared as a whole when it is over', () => {
    const late = { state: opened(0, '2026-12-01'), now: FIRST };
    expect(judge('dev-workspace', { monthMeteredNanos: 60 * USD }, late).facts).toMatchObject({
      period: '2026-11',
      metered: '60.00 USD',
      'reported by Mistral': '100.00 USD',
    });
    expect(judge('dev-workspace', {}, late)).toEqual({ pending: [], state: late.state });
  });
});

test.each<[string, Partial<DayBefore>, Partial<WorkspaceSpend>]>([
  ['nothing meters', { meteredNanos: 0 }, { isMetered: false }],
  ["Mistral's report is missing", { meteredNanos: 0, billed: undefined }, {}],
  ['it is not due', {}, { dayBefore: undefined }],
])('nothing is reported where %s', (_name, dayBefore, change) => {
  expect(judge('ml-workspace', dayBefore, { change })).toEqual({
    pending: [],
    state: NO_ALERTS,
  });
});

describe('metered and billed of a day drift apart', () => {
  const CENT = USD / 100;
  test.each([
    ['nothing from nothing', 0, 0, false],
    ['equal sums', 100 * USD, 100 * USD, false],
    ['by 5 % more billed', 95 * USD, 100 * USD, false],
    ['by more than 5 % more billed', 95 * USD - 1, 100 * USD, true],
    ['by 5 % more metered', 100 * USD, 95 * USD, false],
    ['by more than 5 % more metered', 100 * USD, 95 * USD - 1, true],
    ['by a cent of very little', 0, CENT, false],
    ['by more than a cent of very little', 0, CENT + 1, true],
  ])('or not: %s', (_name, metered, billed, expected) => {
    expect(hasDrift(metered, billed)).toBe(expected);
  });
});
