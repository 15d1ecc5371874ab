import { expect, test } from 'vitest';
import { atLeast, atMost, median, withoutAim } from '../../bench/figure.js';
import { jsonReport, tableReport } from '../../bench/report.js';

const figures = [
  atMost(600, { name: 'bundle-size/a', value: 600, unit: 'kB' }),
  atMost(600, { name: 'bundle-size/b', value: 600.4, unit: 'kB' }),
  atLeast(0.8, { name: 'audit/ratio', value: 0.61234, unit: '×' }),
  withoutAim({ name: 'audit/throughput', value: 53_811.7123, unit: 'keys/s' }),
];

test('one document holds every figure by name', () => {
  expect(JSON.parse(jsonReport(figures))).toEqual({
    'bundle-size/a': { value: 600, unit: 'kB', aim: 'at most 600', holds: true },
    'bundle-size/b': { value: 600.4, unit: 'kB', aim: 'at most 600', holds: false },
    'audit/ratio': { value: 0.6123, unit: '×', aim: 'at least 0.8', holds: false },
    'audit/throughput': { value: 53_811.7, unit: 'keys/s', aim: 'none', holds: true },
  });
});

test('the text shows which aim is missed', () => {
  expect(tableReport(figures).split('\n')).toEqual([
    'figure            value            aim',
    'bundle-size/a     600 kB           at most 600   holds',
    'bundle-size/b     600.4 kB         at most 600   MISSED',
    'audit/ratio       0.612 ×          at least 0.8  MISSED',
    'audit/throughput  53,811.7 keys/s  none',
    '',
  ]);
});

test('one slow run does not change a median', () => {
  expect(median([3, 1, 900, 2, 2])).toBe(2);
  expect(() => median([])).toThrow('no value was measured');
});
