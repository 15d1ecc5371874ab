import { beforeAll, expect, test } from 'vitest';
import { printClosing } from '../../local/closing-table.js';
import { type Run, runLocally, START } from '../../local/run.js';
import { createTimeline } from '../../local/timeline.js';
import { aPolicy } from '../support/builders.js';
import { leaksIn, plaintextsOf, printed, writings } from '../support/invariants.js';

let run: Run;
/** What the run wrote anywhere but into its secrets, and all keys that there ever were. */
let written = '';
let plaintexts: readonly string[] = [];

beforeAll(async () => {
  const stdout: string[] = [];
  const log: unknown[] = [];
  const keepLine = (...line: unknown[]) => void log.push(...line.map(printed));
  const terminal = { write: (text: string) => void stdout.push(text), isTerminal: true };
  const timeline = createTimeline(START, terminal);
  let kept = '';
  run = await runLocally({
    policy: aPolicy(),
    log: { info: keepLine, warn: keepLine, error: keepLine },
    onlooker: timeline,
    onMessage: timeline.alert,
    inspect(world, items) {
      plaintexts = plaintextsOf(world);
      kept = writings(world, items, log);
    },
  });
  printClosing(run.document, run.expectations, terminal);
  written = [kept, JSON.stringify(run), ...stdout].join('\n');
}, 60_000);

test('every scenario of the hundred days ends as it should', () => {
  expect(run.expectations.filter(({ holds }) => !holds)).toEqual([]);
  expect(run.expectations.length).toBeGreaterThanOrEqual(10);
});

test('nothing that was written anywhere holds an eight-character piece of a key', () => {
  expect(plaintexts.length).toBeGreaterThan(10);
  expect(written.length).toBeGreaterThan(100_000);
  expect(leaksIn(written, plaintexts)).toEqual([]);
});

test('a piece of a key anywhere would have been found', () => {
  const piece = plaintexts[3]?.slice(5, 13);
  expect(leaksIn(`${written} ${piece}`, plaintexts)).toEqual([piece]);
});

test('nor would it have hidden in the cause or in a field of an error', () => {
  const cause = new Error('a cause with piece-01');
  const error = Object.assign(new Error('an error', { cause }), { field: { deep: 'piece-02' } });
  const written = JSON.stringify(printed({ error }));
  expect(leaksIn(written, ['piece-01', 'piece-02'])).toEqual(['piece-01', 'piece-02']);
});

test('alerts of nine types were sent, each with a body for every protocol', () => {
  const { alerts } = run.document;
  expect([...new Set(alerts.map(({ attributes }) => attributes.type))].sort()).toEqual([
    'audit-digest',
    'budget-exhausted',
    'key-in-use',
    'key-revoked',
    'rolled-back',
    'rotation-failed',
    'rotation-succeeded',
    'spend-forecast',
    'spend-threshold',
  ]);
  for (const { bodies } of alerts) {
    expect(Object.keys(bodies).sort()).toEqual([
      'default',
      'email',
      'email-json',
      'https',
      'lambda',
      'sms',
      'sqs',
    ]);
  }
});

test('spend is told per workspace and window, against its budget', () => {
  const { spend } = run.document;
  expect([...new Set(spend.map(({ workspace, window }) => `${workspace} ${window}`))]).toEqual([
    'dev-workspace month',
    'ml-workspace day',
    'ml-workspace month',
    'prod-workspace hour',
    'prod-workspace day',
    'prod-workspace month',
  ]);
  expect(spend.every(({ spent, budget }) => budget !== null && spent <= budget)).toBe(true);
});

test('rotations tell their steps and those of the retirement that followed', () => {
  const cleanly = run.document.rotations.find(({ outcome }) => outcome === 'old key revoked');
  expect(cleanly?.steps.map(({ step }) => step)).toEqual([
    'createSecret',
    'setSecret',
    'testSecret',
    'finishSecret',
    'Wait until the old key can be judged',
    'Verify',
    'Revoke the old key',
    'Confirm the revocation',
    'Tell that the old key is revoked',
  ]);
});
