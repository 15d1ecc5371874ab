import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { leaksIn } from '../support/invariants.js';
import { type OverheardRun, overhear } from '../support/overheard-run.js';

const EXAMPLE = join(import.meta.dirname, '../../examples/operator.yaml');

let played: OverheardRun;

beforeAll(async () => {
  played = await overhear(loadPolicy(EXAMPLE));
});

test('every claim about the hundred days holds', () => {
  expect(played.run.claims.filter(([, holds]) => !holds)).toEqual([]);
  expect(played.run.claims.length).toBeGreaterThanOrEqual(10);
});

test('no output contains an eight-character piece of a key', () => {
  const { written, plaintexts } = played;
  expect(plaintexts.length).toBeGreaterThan(6);
  const mistyped = plaintexts.map((key) => [...key].reverse().join(''));
  expect(leaksIn(written, [...plaintexts, ...mistyped])).toEqual([]);
  expect(written.length).toBeGreaterThan(50_000);
});

test('keys, findings and spend have only what is known without the Admin API', () => {
  const { keys, findings, spend } = played.run.document;
  expect(keys.filter(({ status }) => status === 'current')).toHaveLength(4);
  expect(keys.every(({ name, keyId }) => name === keyId)).toBe(true);
  expect(findings.every(({ type }) => type !== 'unmanaged')).toBe(true);
  expect(spend.every(({ billed }) => billed === null)).toBe(true);
});

test('alerts request keys and deletions, and close what they requested', () => {
  const { alerts } = played.run.document;
  expect(new Set(alerts.map(({ attributes }) => attributes.type))).toEqual(
    new Set(['audit-digest', 'deletion-needed', 'key-needed', 'key-revoked', 'rotation-succeeded']),
  );
});

test('a subscriber with a filter gets what it selects, one without gets all', () => {
  const { alerts } = played.run.document;
  const selected = alerts.filter(({ deliveredTo }) =>
    deliveredTo.includes('email:product-team@example.com'),
  );
  expect(selected.length).toBeGreaterThan(5);
  expect(
    new Set(selected.map(({ attributes: { type, workspace } }) => `${type} ${workspace}`)),
  ).toEqual(new Set(['key-needed app-workspace', 'deletion-needed app-workspace']));
  expect(alerts.every(({ deliveredTo }) => deliveredTo[0] === 'email:on-call@example.com')).toBe(
    true,
  );
});

test('a rotation has its own steps and those of the retirement that followed', () => {
  const { rotations } = played.run.document;
  const outcomes = new Set(rotations.map(({ outcome }) => outcome));
  expect(outcomes).toEqual(
    new Set([
      'provisioned',
      'operator key rejected',
      'operator key not verified',
      'replaced key revoked',
    ]),
  );
  const steps = rotations.at(-1)?.steps.map(({ step }) => step) ?? [];
  expect(steps[0]).toBe('testSecret');
  expect(steps.slice(steps.indexOf('finishSecret'))).toEqual([
    'finishSecret',
    'Wait for next check',
    'Verify',
    'Notify: deletion needed',
    'Wait for next check',
    'Verify',
    'Notify: key deleted',
  ]);
});
