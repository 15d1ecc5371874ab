import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadPolicy } from '../../../governance/policy/load-policy.js';

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

test('fails with the file and every problem in it', () => {
  const path = policyFile('workspaces: []\naudit: { timezone: Mars }\n');
  expect(() => loadPolicy(path)).toThrow(
    new RegExp(`^${path} has 2 problems:\n {2}workspaces: .*\n {2}audit.timezone: .*Mars`),
  );
});

test('fails on a file that is not YAML', () => {
  expect(() => loadPolicy(policyFile('workspaces: ['))).toThrow(
    /^policy .*governance.yaml could not be read: line 1: the indentation does not fit/,
  );
});

test('fails on a missing file', () => {
  expect(() => loadPolicy('/nowhere/governance.yaml')).toThrow(
    'policy /nowhere/governance.yaml could not be read: there is no such file',
  );
});

test('fails on a folder', () => {
  expect(() => loadPolicy(tmpdir())).toThrow(/ could not be read: it is a folder$/);
});
