import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALERT_SEVERITIES } from '../../../governance/policy/alert-types.js';
import { callerWarnings, readerWarnings } from '../../../governance/policy/caller-warnings.js';
import { exampleWarnings } from '../../../governance/policy/example-warnings.js';
import { loadPolicy } from '../../../governance/policy/load-policy.js';
import { policyWarnings } from '../../../governance/policy/policy-warnings.js';
import {
  alertWarnings,
  modelWarnings,
  useWarnings,
} from '../../../governance/policy/use-warnings.js';
import { aPolicy, type policyDocument } from '../../support/builders.js';

type Change = (document: ReturnType<typeof policyDocument>) => void;

const ROOT = join(import.meta.dirname, '../../..');
const NOW = new Date('2026-11-24T10:00:00Z');
const IAM = 'arn:aws:iam::305611427893';
const SSO = `${IAM}:role/aws-reserved/sso.amazonaws.com`;

describe('a caller', () => {
  const idsOf = (principal: string) => {
    const caller = { principal, role: 'admin', workspace: 'dev-workspace' };
    const policy = aPolicy((document) => (document.callers = [caller]));
    return [...callerWarnings(policy)].map(({ id }) => id);
  };

  test.each<[principal: string, ...ids: string[]]>([
    [`${IAM}:role/search-*`],
    [`${IAM}:user/ana`],
    ['arn:aws:iam::*:role/search', 'any-account'],
    ['arn:aws:sts::*:assumed-role/search/*', 'any-account'],
    ['arn:aws:iam::*:role/*', 'any-account', 'any-role'],
    [`${IAM}:user/*`, 'any-role'],
    ['arn:aws:sts::305611427893:assumed-role/*/nightly', 'any-role'],
    [`${IAM}:role/AWSReservedSSO_Developer_*`],
    [`${IAM}:role/AWSReservedSSO_*`],
    [`${SSO}/eu-west-1/AWSReservedSSO_Developer_0123456789abcdef`],
    [`${SSO}/AWSReservedSSO_Developer`, 'sso-role-without-suffix'],
    ['arn:aws:sts::305611427893:assumed-role/AWSReservedSSO_A_/*', 'sso-role-without-suffix'],
    [`${IAM}:role/team-?`, 'never-matches'],
    [`${IAM}:role/${'x'.repeat(64)}`],
    [`${IAM}:role/${'x'.repeat(65)}`, 'never-matches'],
  ])('%s', (principal, ...ids) => {
    expect(idsOf(principal)).toEqual(ids);
  });
});

test.each<[reader: string, ...ids: string[]]>([
  [`${IAM}:root`],
  [`${IAM}:role/teams/*`],
  [`${IAM}:role/*`, 'any-role'],
  [`${IAM}:user/*`, 'any-role'],
  [`${SSO}/*AWSReservedSSO_Developer_*`],
  [`${IAM}:role/*AWSReservedSSO_Developer_*`],
  [`${IAM}:role/AWSReservedSSO_Developer_*`, 'sso-role-without-suffix'],
  [`${SSO}/eu-west-1/AWSReservedSSO_Developer`, 'sso-role-without-suffix'],
])('a reader, an administrator and a plain server: %s', (arn, ...ids) => {
  const policy = aPolicy((document) => {
    for (const { keys } of document.workspaces) for (const key of keys) key.readers = [];
    document.workspaces[0].keys[0].readers = [arn];
    document.administrators = [arn];
    document.gateway.readers = [arn];
  });
  expect([...readerWarnings(policy)].map(({ id }) => id)).toEqual([...ids, ...ids, ...ids]);
});

test('a model is known by its id, an alias, or a price in the policy', () => {
  const unknown = (change: Change) =>
    [...modelWarnings(aPolicy(change))].map(({ subject }) => subject);
  expect(unknown(() => {})).toEqual([]);
  expect(
    unknown((document) => {
      document.roles.admin.models = ['mistral-small-2603', 'in-house-7b', 'ft:x'];
      document.prices = { models: { 'in-house-7b': { inputPerMillionTokens: 1 } } };
      document.limits = { models: { pixtral: { imageTokens: 10 } } };
    }),
  ).toEqual(['ft:x', 'pixtral']);
});

test('an alias and its id are one model', () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].models = ['mistral-small-latest'];
    document.roles.developer.models = ['mistral-small-2603'];
  });
  expect([...useWarnings(policy)]).toEqual([]);
});

test('a workspace is used by a key, a caller, or what overflows to it', () => {
  const unused = (change: Change) =>
    [...useWarnings(aPolicy(change))].map(({ id, subject }) => `${id} ${subject}`);
  const alone: Change = ({ workspaces, callers }) => {
    workspaces[1].keys = [];
    for (const caller of callers) caller.workspace = 'prod-workspace';
  };
  expect(unused(alone)).toEqual([]);
  expect(
    unused((document) => {
      alone(document);
      document.workspaces[2].overflowTo = [];
    }),
  ).toEqual(['unused-workspace ml-workspace']);
});

const alertWarningsOf = (filters: readonly (object | undefined)[]) => {
  const policy = aPolicy((document) => {
    const subscriptions = filters.map((filter, index) => ({
      protocol: 'email',
      endpoint: `on-call-${index}@b.io`,
      ...(filter && { filter }),
    }));
    document.alerts = { runbookUrl: 'https://wiki.b.io', subscriptions };
  });
  return [...alertWarnings(policy)].map(({ id, subject }) => `${id} ${subject}`);
};

test.each<[filters: (object | undefined)[], ...subjects: string[]]>([
  [[undefined]],
  [[undefined, { severity: ['info'] }]],
  [[], 'alerts.subscriptions'],
  [[{ severity: ['info'] }, { severity: ['warning'] }], 'critical'],
  [[{ severity: ['critical'] }], 'alarms'],
])('of subscriptions with filters %j', (filters, ...subjects) => {
  expect(alertWarningsOf(filters)).toEqual(subjects.map((one) => `no-subscription ${one}`));
});

describe('a filter', () => {
  test.each<[filter: object, ...ids: string[]]>([
    [{ severity: ['critical'] }],
    [{ workspace: ['organization'] }],
    [{ type: ['audit-digest', 'key-revoked'], workspace: ['organization'] }],
    [{ type: ['spend-threshold'], workspace: ['organization'] }, 'never-matches'],
    [{ type: ['spend-threshold'], workspace: ['organization', 'dev-workspace'] }],
    [{ type: ['spend-threshold'], severity: ['critical'] }, 'never-matches'],
  ])('%j', (filter, ...ids) => {
    const expected = ids.map((id) => `${id} on-call-1@b.io`);
    expect(alertWarningsOf([undefined, filter])).toEqual(expected);
  });
});

test('each severity that the code gives a type of alert is one that the table has', () => {
  const files = readdirSync(join(ROOT, 'governance'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join('governance', file));
  const texts = [...files, 'gateway/gateway-alerts.ts'].map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const given = texts.flatMap((text) =>
    [...text.matchAll(/type: '([\w-]+)',\s+severity: ([^\n]*)/g)].flatMap(([, type, severity]) =>
      [...(severity ?? '').matchAll(/'(\w+)'/g)].map(([, one]) => `${type} ${one}`),
    ),
  );
  const known = Object.entries(ALERT_SEVERITIES).flatMap(([type, severities]) =>
    severities.map((severity) => `${type} ${severity}`),
  );
  expect(given.length).toBeGreaterThan(15);
  expect(known).toEqual(expect.arrayContaining(given));
});

test.each([
  ['governance.yaml', []],
  ['examples/operator.yaml', []],
  ['examples/team-stack/governance.yaml', ['no-subscription']],
])(
  'all that is of the example in %s is known as that, and %j else is unexpected',
  (file, expectedIds) => {
    const policy = loadPolicy(join(ROOT, file));
    const { open } = policyWarnings(policy, NOW);
    const others = open.filter(({ id }) => id !== 'example-value' && id !== 'default-runbook');
    expect(others.map(({ id }) => id)).toEqual(expectedIds);
    const found = new Set([...exampleWarnings(policy)].map(({ path }) => path.join('.')));
    const isOperator = policy.mistral.keySource === 'operator';
    const expected = policy.workspaces.flatMap((_, index) => [
      `workspaces.${index}.id`,
      ...(isOperator ? [] : [`workspaces.${index}.ownerUserId`]),
    ]);
    expect([...found]).toEqual(expect.arrayContaining(expected));
    const text = readFileSync(join(ROOT, file), 'utf8');
    const accounts = [...text.matchAll(/::\d{12}:/g)].length;
    const ofAccounts = open.find(({ subject }) => /^\d{12}$/.test(subject));
    expect(ofAccounts?.message ?? '').toContain(accounts > 2 ? `${accounts - 1} other places` : '');
  },
);
