import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { QuotaWindow } from '../../../governance/quotas/quota.js';
import { windowEnd, windowName, windowStart } from '../../../governance/quotas/quota-window.js';

const WINDOWS: readonly QuotaWindow[] = ['minute', 'hour', 'day', 'month'];

describe('an instant falls into the UTC window', () => {
  test.each<[QuotaWindow, string, string, string, string]>([
    [
      'minute',
      '2026-11-23T17:05:59.999Z',
      '2026-11-23T17:05',
      '2026-11-23T17:05:00Z',
      '2026-11-23T17:06:00Z',
    ],
    [
      'minute',
      '2026-12-31T23:59:00.000Z',
      '2026-12-31T23:59',
      '2026-12-31T23:59:00Z',
      '2027-01-01T00:00:00Z',
    ],
    [
      'hour',
      '2026-11-23T17:05:00.000Z',
      '2026-11-23T17',
      '2026-11-23T17:00:00Z',
      '2026-11-23T18:00:00Z',
    ],
    [
      'day',
      '2026-11-23T00:00:00.000Z',
      '2026-11-23',
      '2026-11-23T00:00:00Z',
      '2026-11-24T00:00:00Z',
    ],
    [
      'day',
      '2028-02-28T23:59:59.999Z',
      '2028-02-28',
      '2028-02-28T00:00:00Z',
      '2028-02-29T00:00:00Z',
    ],
    [
      'month',
      '2026-11-30T23:59:59.999Z',
      '2026-11',
      '2026-11-01T00:00:00Z',
      '2026-12-01T00:00:00Z',
    ],
    [
      'month',
      '2026-12-01T00:00:00.000Z',
      '2026-12',
      '2026-12-01T00:00:00Z',
      '2027-01-01T00:00:00Z',
    ],
  ])('%s of %s', (window, at, name, start, end) => {
    expect(windowName(window, new Date(at))).toBe(name);
    expect(windowStart(window, new Date(at))).toEqual(new Date(start));
    expect(windowEnd(window, new Date(at))).toEqual(new Date(end));
  });
});

test('a window contains its instant and is followed by the next one', () => {
  const instants = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2030-01-01T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(fc.constantFrom(...WINDOWS), instants, (window, at) => {
      const start = windowStart(window, at);
      const end = windowEnd(window, at);
      expect(start.getTime()).toBeLessThanOrEqual(at.getTime());
      expect(end.getTime()).toBeGreaterThan(at.getTime());
      expect(windowName(window, start)).toBe(windowName(window, at));
      expect(windowStart(window, end)).toEqual(end);
      expect(windowName(window, end)).not.toBe(windowName(window, at));
      expect(at.toISOString().startsWith(windowName(window, at))).toBe(true);
    }),
  );
});

test('changing a returned date changes no window', () => {
  const at = new Date('2026-11-23T17:05:00Z');
  windowEnd('day', at).setTime(0);
  expect(windowEnd('day', at)).toEqual(new Date('2026-11-24T00:00:00Z'));
});
