import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../../governance/policy/parse-policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { anOperatorPolicy, policyDocument } from '../../support/builders.js';

function problemsWith(change: (document: ReturnType<typeof policyDocument>) => void): string[] {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document);
  return parsed.ok ? [] : parsed.problems.map(problemText);
}

const secretOf = (secret: unknown) => (document: ReturnType<typeof policyDocument>) => {
  document.workspaces[0].keys[0].secret = secret;
};

test.each([
  [{ name: 'mistral-api-key', format: 'plain', existing: true }],
  [{ name: 'team/app', format: { jsonField: 'MISTRAL API KEY é' }, existing: true }],
  [{ name: 'mistral/dev-workspace/dev-team-key', existing: true }],
  [{ name: 'team/new' }],
])('%j is a secret of a key', (secret) => {
  expect(problemsWith(secretOf(secret))).toEqual([]);
});

const AT = 'workspaces[0].keys[0].secret';

describe('a secret that cannot be one:', () => {
  test.each([
    [{ format: 'plain' }, `${AT}.name: is missing`],
    [{ name: 'a b' }, `${AT}.name: "a b" must be 1 to 512 of the characters`],
    [
      { name: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf' },
      'is an ARN, must be the name of a secret of this account and region',
    ],
    [{ name: 'team-abcdef' }, 'ends in a hyphen and six characters'],
    [{ name: 'x', format: 'yaml' }, 'must be "json", "plain" or { jsonField: <name> }'],
    [{ name: 'x', format: { field: 'y' } }, `${AT}.format`],
    [{ name: 'x', format: { jsonField: '' } }, `${AT}.format`],
    [
      { name: 'x', format: { jsonField: 'x'.repeat(121) } },
      'is too long, must be at most 120 characters',
    ],
    [{ name: 'x', region: 'eu' }, `${AT}.region: unknown field`],
    [{ name: 'mistral/admin-api-key' }, 'would overwrite mistral.adminKeySecret'],
    [
      { name: 'mistral/dev-workspace/gateway' },
      '"mistral/dev-workspace/gateway" is the secret of the gateway\'s own key in dev-workspace and of dev-workspace/dev-team-key',
    ],
  ])('%j', (secret, problem) => {
    expect(problemsWith(secretOf(secret)).join('\n')).toContain(problem);
  });
});

test('two keys in one secret are refused, naming both', () => {
  const problems = problemsWith((document) => {
    document.workspaces[0].keys[0].secret = { name: 'shared', format: 'plain', existing: true };
    document.workspaces[1].keys[0].secret = { name: 'shared', format: 'plain', existing: true };
  });
  expect(problems).toEqual([
    'workspaces[1].keys[0].secret.name: "shared" is the secret of dev-workspace/dev-team-key and of ml-workspace/ml-team-key: each key needs a secret of its own',
  ]);
});

test.each([
  ['existing', { name: 'x', existing: true }],
  ['format', { name: 'x', format: 'plain' }],
])('%s needs the Admin API', (field, secret) => {
  expect(() =>
    anOperatorPolicy((document) => {
      document.workspaces[0].keys[0].secret = secret;
    }),
  ).toThrow(
    `keys[0].secret.${field}: ${JSON.stringify(secret[field as keyof typeof secret])} needs the Admin API`,
  );
});
