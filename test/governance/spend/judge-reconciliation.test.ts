import { describe, expect, test } from 'vitest';
import {
  isReconciliationDue,
  judgeReconciliation,
} from '../../../governance/spend/judge-reconciliation.js';
import { markTold, NOTHING_TOLD, type SpendState } from '../../../governance/spend/spend-state.js';
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
  { state = NOTHING_TOLD, now = MORNING, change = {} as Partial<WorkspaceSpend> } = {},
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
  const [telling] = judged.tellings;
  return { ...judged, title: telling?.alert.title, facts: telling?.alert.facts, telling };
}

const opened = (meteredNanos: number, day = '2026-11-24'): SpendState => ({
  told: {},
  opening: { day, meteredNanos },
});

test.each([
  ['before six in the morning', '2026-11-24T05:59:59Z', NOTHING_TOLD, false],
  ['from six on', '2026-11-24T06:00:00Z', NOTHING_TOLD, true],
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
    [11, 'ml-workspace spends around the gateway'],
    [13, 'Mistral bills ml-workspace less than was metered'],
  ])('at %d of 12 billed is told as %s', (dollars, title) => {
    expect(judge('ml-workspace', { meteredNanos: dollars * USD }).title).toBe(title);
  });

  test('is done only once the alert about it is out', () => {
    const { state, telling } = judge('ml-workspace', { meteredNanos: 0 });
    expect(isReconciliationDue(state, MORNING)).toBe(true);
    const after = markTold(state, telling?.marks ?? [], MORNING);
    expect(isReconciliationDue(after, MORNING)).toBe(false);
  });

  test('of which Mistral reports nothing cost nothing', () => {
    const { facts } = judge('ml-workspace', { meteredNanos: USD, billed: aBill() });
    expect(facts).toMatchObject({ period: '2026-11-23', 'reported by Mistral': '0.00 USD' });
  });
});

describe('a month without metered days', () => {
  test('is compared until the day before, and told once', () => {
    const drift = judge('dev-workspace', {}, { state: opened(20 * USD) });
    expect(drift.facts).toMatchObject({
      period: '2026-11 until 2026-11-23',
      metered: '20.00 USD',
      'reported by Mistral': '42.00 USD',
    });
    const told = markTold(opened(25 * USD, '2026-11-25'), drift.telling?.marks ?? [], MORNING);
    const now = new Date('2026-11-25T06:00:00Z');
    const again = judge('dev-workspace', {}, { state: told, now });
    expect(again.title).toBeUndefined();
    expect(isReconciliationDue(again.state, now)).toBe(false);
  });

  test('waits for a day whose opening is known', () => {
    for (const state of [NOTHING_TOLD, opened(20 * USD, '2026-11-23')]) {
      expect(judge('dev-workspace', {}, { state })).toEqual({ tellings: [], state });
    }
  });

  test('is compared as a whole when it is over', () => {
    const late = { state: opened(0, '2026-12-01'), now: FIRST };
    expect(judge('dev-workspace', { monthMeteredNanos: 60 * USD }, late).facts).toMatchObject({
      period: '2026-11',
      metered: '60.00 USD',
      'reported by Mistral': '100.00 USD',
    });
    expect(judge('dev-workspace', {}, late)).toEqual({ tellings: [], state: late.state });
  });
});

test.each<[string, Partial<DayBefore>, Partial<WorkspaceSpend>]>([
  ['nothing meters', { meteredNanos: 0 }, { isMetered: false }],
  ["Mistral's report is missing", { meteredNanos: 0, billed: undefined }, {}],
  ['it is not due', {}, { dayBefore: undefined }],
])('nothing is said where %s', (_name, dayBefore, change) => {
  expect(judge('ml-workspace', dayBefore, { change })).toEqual({
    tellings: [],
    state: NOTHING_TOLD,
  });
});
