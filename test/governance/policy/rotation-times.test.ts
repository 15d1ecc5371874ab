import { describe, expect, test } from 'vitest';
import type { RotationPolicy } from '../../../governance/policy/policy.js';
import { rotationTimes } from '../../../governance/policy/rotation-times.js';

type Rules = Pick<RotationPolicy, 'timezone' | 'window' | 'freeze'>;

function rules(change: Partial<Rules> = {}): Rules {
  return { timezone: 'Europe/Paris', window: undefined, freeze: [], ...change };
}

const WORKDAYS = { days: ['mon', 'tue', 'wed', 'thu'], from: '09:00', to: '16:00' } as const;
const NIGHTS = { days: ['sat'], from: '22:00', to: '04:00' } as const;
const SKIPPED = { days: ['sun'], from: '02:15', to: '03:30' } as const;
const CHRISTMAS = { from: '2026-12-18', to: '2027-01-03', reason: 'Christmas' };
const window = (given: { days: readonly string[]; from: string; to: string }) =>
  given as unknown as Rules['window'];

describe('a window', () => {
  test.each([
    ['Monday in winter', WORKDAYS, 'Europe/Paris', '2026-11-30T08:00:00Z', true],
    ['before it opens', WORKDAYS, 'Europe/Paris', '2026-11-30T07:59:59Z', false],
    ['at its end', WORKDAYS, 'Europe/Paris', '2026-11-30T15:00:00Z', false],
    ['just before its end', WORKDAYS, 'Europe/Paris', '2026-11-30T14:59:59Z', true],
    ['in summer, an hour earlier', WORKDAYS, 'Europe/Paris', '2026-07-06T07:00:00Z', true],
    ['on a Friday night', WORKDAYS, 'Europe/Paris', '2026-12-04T21:00:00Z', false],
    ['on its day elsewhere', WORKDAYS, 'Pacific/Auckland', '2026-11-29T20:00:00Z', true],
    ['half hours', WORKDAYS, 'Asia/Kolkata', '2026-11-30T03:30:00Z', true],
    ['before midnight', NIGHTS, 'Europe/Paris', '2026-12-05T21:00:00Z', true],
    ['after midnight, on the day after', NIGHTS, 'Europe/Paris', '2026-12-06T02:59:00Z', true],
    ['after it has closed', NIGHTS, 'Europe/Paris', '2026-12-06T03:00:00Z', false],
    ['the night before', NIGHTS, 'Europe/Paris', '2026-12-05T02:00:00Z', false],
    ['the day after', NIGHTS, 'Europe/Paris', '2026-12-06T21:30:00Z', false],
    ['until 24:00', { ...WORKDAYS, to: '24:00' }, 'UTC', '2026-11-30T23:59:59Z', true],
    ['twice, where clocks go back', SKIPPED, 'Europe/Paris', '2026-10-25T00:15:00Z', true],
    ['twice, the second time', SKIPPED, 'Europe/Paris', '2026-10-25T01:15:00Z', true],
    [
      'where clocks go forward, after the skipped hour',
      SKIPPED,
      'Europe/Paris',
      '2027-03-28T01:00:00Z',
      true,
    ],
    ['where clocks go forward, before it', SKIPPED, 'Europe/Paris', '2027-03-28T00:59:00Z', false],
  ] as const)('%s', (_name, given, timezone, at, isOpen) => {
    const times = rotationTimes(rules({ window: window(given), timezone }));
    expect(times.isOpen(Date.parse(at))).toBe(isOpen);
  });

  test.each([
    ['at once, where it is open', WORKDAYS, [], '2026-11-30T10:00:00Z', '2026-11-30T10:00:00Z'],
    ['on the next workday', WORKDAYS, [], '2026-12-04T21:00:00Z', '2026-12-07T08:00:00Z'],
    ['later that day', WORKDAYS, [], '2026-11-30T02:00:00Z', '2026-11-30T08:00:00Z'],
    ['in summer', WORKDAYS, [], '2026-07-03T21:00:00Z', '2026-07-06T07:00:00Z'],
    ['across the change of clocks', WORKDAYS, [], '2026-10-23T21:00:00Z', '2026-10-26T08:00:00Z'],
    ['at what clocks show next', SKIPPED, [], '2027-03-27T12:00:00Z', '2027-03-28T01:00:00Z'],
    ['after a freeze', undefined, [CHRISTMAS], '2026-12-20T00:00:00Z', '2027-01-03T23:00:00Z'],
    [
      'after a freeze, in the window',
      WORKDAYS,
      [CHRISTMAS],
      '2026-12-18T00:00:00Z',
      '2027-01-04T08:00:00Z',
    ],
    [
      'within the window, where a freeze ends in it',
      WORKDAYS,
      [{ from: '2026-11-28', to: '2026-11-30T12:30:00+01:00', reason: 'sale' }],
      '2026-11-29T00:00:00Z',
      '2026-11-30T11:30:00Z',
    ],
    [
      'after freezes that follow each other',
      undefined,
      [CHRISTMAS, { from: '2027-01-04', to: '2027-01-04', reason: 'year end' }],
      '2026-12-20T00:00:00Z',
      '2027-01-04T23:00:00Z',
    ],
    [
      'never, in a freeze without an end',
      undefined,
      [{ from: '2026-01-01', to: '9999-12-30', reason: 'for good' }],
      '2026-12-20T00:00:00Z',
      undefined,
    ],
  ] as const)('opens next %s', (_name, given, freeze, at, opening) => {
    const times = rotationTimes(rules({ window: given && window(given), freeze: [...freeze] }));
    const found = times.nextOpening(Date.parse(at));
    const isFar = found !== undefined && found > Date.parse('2100-01-01T00:00:00Z');
    expect(found === undefined || isFar ? undefined : new Date(found)).toEqual(
      opening && new Date(opening),
    );
  });
});

test.each([
  ['before its first day', '2026-12-17T22:59:59Z', undefined],
  ['from the first midnight', '2026-12-17T23:00:00Z', 'Christmas'],
  ['on its last day', '2027-01-03T22:59:59Z', 'Christmas'],
  ['after its last day', '2027-01-03T23:00:00Z', undefined],
])('a freeze of days, %s', (_name, at, reason) => {
  const { freezeAt } = rotationTimes(rules({ freeze: [CHRISTMAS] }));
  expect(freezeAt(Date.parse(at))?.reason).toBe(reason);
});

test('every opening of two years is open, in zones with all kinds of clock changes', () => {
  const wrong: string[] = [];
  for (const timezone of [
    'Europe/Paris',
    'America/New_York',
    'Australia/Lord_Howe',
    'Africa/Cairo',
    'Asia/Kathmandu',
  ]) {
    for (const given of [WORKDAYS, NIGHTS, SKIPPED]) {
      const times = rotationTimes(rules({ timezone, window: window(given) }));
      for (
        let at = Date.parse('2026-01-01T00:00:00Z');
        at < Date.parse('2028-01-01T00:00:00Z');
        at += 5 * 86_400_000
      ) {
        const opening = times.nextOpening(at) ?? 0;
        const isFirst = opening === at || !times.isOpen(opening - 60_000);
        if (!times.isOpen(opening) || !isFirst || opening - at > 8 * 86_400_000) {
          wrong.push(`${timezone} ${given.from} ${new Date(at).toISOString()} ${opening}`);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
});
