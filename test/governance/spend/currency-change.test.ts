import { expect, test } from 'vitest';
import { currencyAlerts } from '../../../governance/spend/currency-change.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';

const NOON = new Date('2026-11-24T12:00:00Z');
const until = '2026-12-02T01:00:00.000Z';

/** What runs before the change left of workspaces with these budgets. */
function left(...keys: string[]): SpendState {
  const budgets = Object.fromEntries(keys.map((key) => [key, { limitNanos: 50e9, until }]));
  return { ...NO_ALERTS, budgets };
}

const known = [
  { name: 'search', before: left('usd#2026-11', 'usd#2026-11-24') },
  { name: 'billing', before: left('usd#2026-11') },
  { name: 'new', before: NO_ALERTS },
];

test('the first run after a change of currency says whose budgets count from zero, and until when', () => {
  const [pending] = currencyAlerts(known, 'EUR', NO_ALERTS, NOON);
  expect(pending?.alert).toMatchObject({
    type: 'currency-changed',
    severity: 'warning',
    workspace: 'organization',
    title: 'Budgets of 2 workspaces count from zero, in EUR instead of USD',
    facts: { workspaces: 'search and billing', 'resets at': '2026-12-01 00:00 UTC' },
  });
  expect(pending?.alert.description).toContain('until 2026-12-01 00:00 UTC (in 7 days)');
});

test('it is sent once, also where the old budgets are remembered for days, and again for a change back', () => {
  const pending = currencyAlerts(known, 'EUR', NO_ALERTS, NOON);
  const reports = markSent(NO_ALERTS, pending, NOON);
  const both = [{ name: 'search', before: left('usd#2026-11', 'eur#2026-11') }];
  expect(currencyAlerts(both, 'EUR', reports, NOON)).toEqual([]);
  expect(currencyAlerts(both, 'USD', reports, NOON)).toHaveLength(1);
});

test('one that could not be sent is sent by the next run', () => {
  const both = [{ name: 'search', before: left('usd#2026-11', 'eur#2026-11') }];
  expect(currencyAlerts(both, 'EUR', NO_ALERTS, NOON)).toHaveLength(1);
});

test.each([
  ['the same currency', left('usd#2026-11', 'usd#2026-11-24'), 'USD'],
  ['windows that are over', left('eur#2026-10', 'eur#2026-11-23'), 'USD'],
  ['nothing', NO_ALERTS, 'EUR'],
] as const)('nothing is said where the runs before left %s', (_what, before, currency) => {
  expect(currencyAlerts([{ name: 'search', before }], currency, NO_ALERTS, NOON)).toEqual([]);
});
