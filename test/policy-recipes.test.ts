import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { inOrderOfDecision, matches } from '../governance/policy/caller-patterns.js';
import { callerWarnings, readerWarnings } from '../governance/policy/caller-warnings.js';
import { checkPolicy, loadPolicy } from '../governance/policy/load-policy.js';
import { useWarnings } from '../governance/policy/use-warnings.js';
import { sectionsOf } from './support/markdown.js';

const page = readFileSync(join(import.meta.dirname, '../docs/policy-recipes.md'), 'utf8');

const BASE = {
  workspaces: [
    {
      name: 'search',
      id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
      ownerUserId: '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a10',
      team: 'search',
      models: '*',
      requestsPerMinute: 60,
    },
  ],
  roles: {
    developer: { models: '*', maxTokensPerRequest: 500, dailyTokens: 100_000 },
    service: { models: '*', maxTokensPerRequest: 4000, dailyTokens: 1_000_000 },
  },
  gateway: { enabled: true },
};

const SPLIT = 'A policy split over teams';

const blocks = sectionsOf(page).flatMap(({ title, text }) =>
  [...text.matchAll(/```yaml\n([^`]*)```/g)].map(([, yaml = '']) => ({ title, yaml })),
);
const recipes = blocks.filter(({ title }) => title !== SPLIT);

function policyOf(recipe: string) {
  const found = recipes.find(({ title }) => title === recipe);
  return checkPolicy({ ...BASE, ...parse(found?.yaml ?? 'missing: true') });
}

test.each(recipes)('$title is a policy without surprises', ({ title }) => {
  const policy = policyOf(title);
  const found = [...callerWarnings(policy), ...readerWarnings(policy), ...useWarnings(policy)];
  expect(found.filter(({ id }) => id !== 'unused-workspace')).toEqual([]);
});

describe('callers', () => {
  const roleOf = (recipe: string, session: string) =>
    inOrderOfDecision(policyOf(recipe).callers).find(({ pattern }) =>
      matches(pattern, `arn:aws:sts::111122223333:assumed-role/${session}`),
    )?.caller.role;

  test.each([
    [
      'Callers who sign in by IAM Identity Center',
      'AWSReservedSSO_Developer_0123456789abcdef/ana@example.com',
      'developer',
    ],
    ['Callers who sign in by IAM Identity Center', 'AWSReservedSSO_Admin_01/ana', undefined],
    ['Callers by a role with a path', 'indexer/i-0123', 'service'],
    ['Callers by a role with a path', 'search-api/i-0123', 'developer'],
    ['Callers by a role with a path', 'other/i-0123', undefined],
    ['Callers by session', 'batch/nightly-import', 'service'],
    ['Callers by session', 'batch/any-other', 'developer'],
  ])('%s: %s is %s', (recipe, session, role) => {
    expect(roleOf(recipe, session)).toBe(role);
  });
});

test('the reader is of another account, and the budgets are in euros', () => {
  expect(policyOf('Readers in another account').workspaces[0]?.keys[0]?.readers).toEqual([
    'arn:aws:iam::444455556666:role/indexer',
  ]);
  expect(policyOf('Budgets in euros').mistral.currency).toBe('EUR');
});

test('the parts of teams make one policy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'split-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const { yaml } of blocks.filter(({ title }) => title === SPLIT)) {
    const [, file = ''] = /^# (\S+)\n/.exec(yaml) ?? [];
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), yaml);
  }
  const section = sectionsOf(page).find(({ title }) => title === SPLIT);
  const [, command = ''] = /```sh\n([^`]*)```/.exec(section?.text ?? '') ?? [];
  execFileSync('bash', ['-ec', command.replace(/^npx .*$/m, '')], { cwd: folder });

  const policy = loadPolicy(join(folder, 'governance.yaml'));
  expect(policy.workspaces.map(({ name }) => name)).toEqual(['search', 'support']);
  expect(policy.callers.map(({ workspace }) => workspace)).toEqual(['search', 'support']);
  expect(Object.keys(policy.roles)).toEqual(['developer']);
});
