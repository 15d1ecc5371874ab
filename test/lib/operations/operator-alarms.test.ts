import { describe, expect, test } from 'vitest';
import { alarmsOf } from '../../support/alarms.js';
import { anOperatorPolicy } from '../../support/builders.js';
import { synthesize } from '../../support/synth.js';

const operator = alarmsOf(synthesize(anOperatorPolicy()).template);

describe('without the Admin API', () => {
  test('a key that is due and not supplied raises an alarm, as no other rotation can be late', () => {
    const late = operator.find(({ name }) => name === 'governance-rotation-overdue');
    expect(late?.properties.Dimensions).toEqual([{ Name: 'type', Value: 'key-needed' }]);
    expect(late?.description).toContain('no operator has supplied a new one');
  });

  test('every function has its alarms, but the one that a deploy waits for', () => {
    const slow = 'governance-function-slow-';
    const watched = operator.filter(({ name }) => name.startsWith(slow));
    expect(watched.map(({ name }) => name.slice(slow.length)).sort()).toEqual([
      'key-rotation',
      'nightly-audit',
      'notify-on-call',
      'spend-monitor',
      'verify-deletion',
    ]);
  });
});

test.each([
  ['with the Admin API', alarmsOf(synthesize().template)],
  ['without it', operator],
])('%s, no alarm looks further back than CloudWatch allows', (_, alarms) => {
  // Source: Period of PutMetricAlarm.
  for (const { name, properties } of alarms) {
    const { EvaluationPeriods = 0 } = properties as { EvaluationPeriods?: number };
    for (const period of periodsOf(properties)) {
      const longest = period < 3600 ? 86_400 : 7 * 86_400;
      expect(period * EvaluationPeriods, name).toBeLessThanOrEqual(longest);
    }
  }
});

function periodsOf({ Period, Metrics = [] }: Readonly<Record<string, unknown>>): number[] {
  const parts = Metrics as readonly { readonly MetricStat?: { readonly Period: number } }[];
  return [Period, ...parts.map(({ MetricStat }) => MetricStat?.Period)].filter(
    (period) => typeof period === 'number',
  );
}
