import { expect, test } from 'vitest';
import { chooseProbe, rememberProbe } from '../../../governance/audit/check-models.js';
import { dayAgo, daysAgo, NOW } from '../../support/audit-builders.js';

const key = (keyId: string, lastUsedOn: string) => ({
  secretName: `s/${keyId}`,
  keyId,
  lastUsedOn,
});

test('the key used last is the one to ask with', () => {
  const keys = [key('a', dayAgo(1)), key('b', dayAgo(0)), key('c', dayAgo(0))];
  expect(chooseProbe(keys, {}, NOW)?.keyId).toBe('b');
});

test('a key not used since yesterday is not', () => {
  expect(chooseProbe([key('a', dayAgo(1))], {}, NOW)?.keyId).toBe('a');
  expect(chooseProbe([key('a', dayAgo(2))], {}, NOW)).toBeUndefined();
});

test('a key that only the audit used is not', () => {
  expect(chooseProbe([key('a', dayAgo(1))], { a: dayAgo(1) }, NOW)).toBeUndefined();
  expect(chooseProbe([key('a', dayAgo(0))], { a: dayAgo(1) }, NOW)?.keyId).toBe('a');
});

test('a key left idle is asked with once more and then goes stale', () => {
  let lastUsedOn = dayAgo(0);
  let probes = {};
  let uses = 0;
  for (let night = 0; night < 40; night += 1) {
    const now = daysAgo(-night);
    const chosen = chooseProbe([key('a', lastUsedOn)], probes, now);
    if (!chosen) continue;
    uses += 1;
    lastUsedOn = dayAgo(-night);
    probes = rememberProbe(probes, chosen, now);
  }
  expect(uses).toBe(1);
});

test('uses before yesterday are forgotten', () => {
  const probes = { a: dayAgo(2), b: dayAgo(1) };
  expect(rememberProbe(probes, key('c', dayAgo(0)), NOW)).toEqual({ b: dayAgo(1), c: dayAgo(0) });
});
