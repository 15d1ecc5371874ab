import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  checkPolicy,
  loadPolicy,
  place,
  policySource,
  sourceOf,
} from '../../../governance/policy/load-policy.js';
import { policyDocument } from '../../support/builders.js';
import { SEARCH_POLICY } from './search-policy.js';

function policyFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'policy-')), 'governance.yaml');
  writeFileSync(path, text);
  return path;
}

test('the shipped policy is valid', () => {
  const { workspaces } = loadPolicy(join(import.meta.dirname, '../../../governance.yaml'));
  expect(workspaces.map(({ name }) => name)).toEqual([
    'dev-workspace',
    'ml-workspace',
    'prod-workspace',
  ]);
});

test('fails with the file and every problem in it, in the order of their places', () => {
  const path = policyFile('audit: { timezone: Mars }\nworkspaces: []\n');
  expect(() => loadPolicy(path)).toThrow(
    `${path} has 2 problems:
  ${path}:1:10  audit.timezone: "Mars" must be an IANA time zone such as Europe/Paris
  ${path}:2:1  workspaces: [] is too short, must be at least 1 entry`,
  );
});

test('fails on a file that is not YAML', () => {
  const path = policyFile('workspaces: [');
  expect(() => loadPolicy(path)).toThrow(
    `${path} has 1 problem:\n  ${path}:1:13  the "[" is not closed: add the "]"`,
  );
});

test('a policy that was read knows its places later, also once it was checked again', () => {
  const path = join(import.meta.dirname, '../../../governance.yaml');
  const again = checkPolicy(loadPolicy(path));
  const source = sourceOf(again);
  expect(source?.name).toBe(path);
  const problem = { path: ['workspaces', 1, 'lends', 'dailyUsd'], message: '' };
  expect(place(problem, source).place).toMatchObject({
    column: 14,
    text: expect.stringContaining('dailyUsd: 25'),
  });
  expect(sourceOf(checkPolicy(policyDocument()))).toBeUndefined();
});

test.each([
  ['a field', ['roles', 'engineer', 'dailyTokens'], '30:5 dailyTokens: 2000000'],
  ['a field in braces', ['workspaces', 0, 'budgets', 'monthlyUsd'], '11:31 monthlyUsd: 4000'],
  ['an entry', ['callers', 1], '36:5 principal: arn:aws:iam::305611427893:role/chat-*'],
  ['a text in a list', ['workspaces', 0, 'models', 1], '9:36 mistral-embed'],
  ['a section', ['roles'], '26:1 roles:'],
  ['a missing field, where it is missing', ['callers', 0, 'perSession'], '33:5 principal: arn:'],
  ['a missing section, as the policy', ['audit', 'timezone'], '1:1 mistral:'],
])('%s has a place', (_what, path, expected) => {
  const { placeOf } = policySource(Buffer.from(SEARCH_POLICY), 'governance.yaml');
  const { line, column, length, text } = placeOf(path);
  const marked = text.slice(column - 1, column - 1 + length);
  expect(`${line}:${column} ${marked}`).toContain(expected);
});

test('what an alias stands for has the place of its anchor', () => {
  const text = 'a: &readers\n  - x\n  - y\nb: { readers: *readers }\n';
  const { placeOf } = policySource(Buffer.from(text), 'governance.yaml');
  expect(placeOf(['b', 'readers'])).toMatchObject({ line: 4, column: 6 });
  expect(placeOf(['b', 'readers', 1])).toMatchObject({ line: 3, column: 5 });
});

test('fails on a missing file', () => {
  expect(() => loadPolicy('/nowhere/governance.yaml')).toThrow(
    'policy /nowhere/governance.yaml could not be read: there is no such file',
  );
});

test('fails on a folder', () => {
  expect(() => loadPolicy(tmpdir())).toThrow(/ could not be read: it is a folder$/);
});
