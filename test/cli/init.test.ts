import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { draftPolicy } from '../../cli/init/draft-policy.js';
import { createKeyMatcher } from '../../cli/init/match-keys.js';
import type { ApiKey } from '../../governance/mistral/api-key.js';
import { checkPolicy } from '../../governance/policy/load-policy.js';
import { AwsError, awsError } from '../../testing/fakes/aws-json.js';
import { HOSTILE_NAMES } from '../support/hostile-names.js';
import { leaksIn } from '../support/invariants.js';
import { ADMIN_KEY, type CliWorldOptions, openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';

const DEV = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
const ML = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';
const ALICE = '9a4d7c1e-3b58-4f6a-8f0e-5d2b1c7e4a11';
const READER = 'arn:aws:iam::111122223333:role/search';
const TASK = 'arn:aws:iam::111122223333:role/search-task';

/** An organization with keys in secrets of all kinds, and no policy yet. */
async function openBrownfield(options: CliWorldOptions = {}) {
  const world = await openCliWorld(options);
  const { keys, usage } = world.mistral;
  const made = (name: string, workspaceId: string) =>
    keys.create({ name, workspaceId, userId: ALICE });
  const plain = made('search', DEV);
  const field = made('billing', ML);
  const buried = made('buried', DEV);
  const loose = made('notebook of ada', DEV);
  const { secrets } = world;
  const create = (name: string, value: string) => secrets.create(name, { value });
  create('teams/search', plain.plaintext);
  create('teams/search-copy', `${plain.plaintext}\n`);
  create('billing/config', JSON.stringify({ url: 'x', MISTRAL_API_KEY: field.plaintext, n: 1 }));
  create('env-file', `A=1\nMISTRAL_API_KEY=${buried.plaintext}\n`);
  create('db/password', 'hunter2-hunter2-hunter2-hunter2');
  create('old-mistral-thing', 'nothing of ours is in here');
  secrets.find('teams/search').resourcePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: [READER, 'AROAEXAMPLE'] },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      },
    ],
  });
  usage.recordUsage(DEV, 'mistral-small-2603', '2026-09-10', 40_000_000, 10_000_000);
  usage.recordUsage(DEV, 'mistral-embed-2312', '2026-11-10', 1_000_000, 0);
  rmSync(world.policyPath);
  const plaintexts = [...keys.made.map(({ plaintext }) => plaintext), ADMIN_KEY];
  const urls = ['--admin-url', `${world.url}/v1/admin`, '--api-url', world.url];
  return {
    ...world,
    plaintexts,
    keys: { plain, field, buried, loose },
    async init(...args: string[]) {
      world.calls.length = 0;
      const run = await world.run(['init', ...urls, ...args]);
      const written = existsSync(world.policyPath) ? readFileSync(world.policyPath, 'utf8') : '';
      expect(leaksIn(run.stdout + run.stderr + written, plaintexts)).toEqual([]);
      return { ...run, written, policy: parse(written) };
    },
  };
}

describe('init --read-values', () => {
  test('writes a policy of what exists, which passes policy check', async () => {
    const { init, run, keys } = await openBrownfield();
    const { status, stdout, written, policy } = await init('--read-values');
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining('is written: 3 workspaces, 3 keys'),
    ]);
    const [dev, ml, prod] = policy.workspaces;

    expect(dev).toMatchObject({ name: 'dev-workspace', id: DEV, ownerUserId: ALICE });
    expect(dev.models).toEqual(['mistral-small-2603', 'mistral-embed-2312']);
    expect(dev.budgets.monthlyUsd).toBeGreaterThan(0);
    expect(dev.keys.map(({ secret }: { secret: object }) => secret)).toEqual([
      { name: 'teams/search', format: 'plain', existing: true },
      { name: 'teams/search-copy', format: 'plain', existing: true },
    ]);
    expect(dev.keys[0].readers).toEqual([READER]);
    expect(ml.keys[0].secret).toEqual({
      name: 'billing/config',
      format: { jsonField: 'MISTRAL_API_KEY' },
      existing: true,
    });
    expect(prod.keys).toBeUndefined();

    expect(written).toMatch(/# search: 0 days old, never used, never expires$/m);
    expect(written).toMatch(/# - notebook of ada: 0 days old/m);
    expect(written).toMatch(
      /# the same key is in teams\/search-copy: it is retired once all have moved/,
    );
    expect(written).toMatch(/# - env-file: inside other text: buried$/m);
    expect(written).toMatch(/# - old-mistral-thing: named after Mistral/m);
    expect(written).toMatch(/# also reads it, and is no reader of this form: AROAEXAMPLE$/m);
    expect(written).not.toContain('db/password');
    expect(written).not.toContain(keys.plain.id);

    const check = await run(['policy', 'check']);
    expect([check.status, check.stderr]).toEqual([0, expect.anything()]);
  });

  test('changes nothing anywhere, and uses no key', async () => {
    const { init, calls, mistral, secrets } = await openBrownfield();
    const before = JSON.stringify(secrets.all().map(({ versions }) => [...versions.values()]));
    await init('--read-values', '--json');
    expect(new Set(calls.map((call) => call.replace(/\?.*/, '')))).toEqual(
      new Set([
        'GET /v1/admin/workspaces',
        'GET /v1/admin/api-keys',
        'GET /v1/admin/usage',
        'GET /v1/admin/users',
        'GET /v1/admin/rate-limit',
        'ListSecrets',
        'GetSecretValue',
        'GetResourcePolicy',
      ]),
    );
    expect(mistral.keys.all().map(({ lastUsedOn }) => lastUsedOn)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(JSON.stringify(secrets.all().map(({ versions }) => [...versions.values()]))).toBe(
      before,
    );
  });

  test('is a document for scripts, with ids and without any part of a key', async () => {
    const { init, keys } = await openBrownfield();
    const run = await init('--read-values', '--json');
    const document = documentOf(run);
    expect(document.taken).toBe(3);
    expect(document.secrets).toContainEqual({
      name: 'teams/search',
      keys: [{ id: keys.plain.id, where: 'the whole value' }],
      readers: [READER],
    });
    const shown = `${keys.plain.plaintext.slice(0, 4)}...${keys.plain.plaintext.slice(-4)}`;
    expect(run.stdout).not.toContain(shown);
  });

  test('with --cloudtrail, who has read a secret is a reader of it', async () => {
    const pages: unknown[] = [];
    const event = (secretId: string, userIdentity: object) => ({
      CloudTrailEvent: JSON.stringify({ requestParameters: { secretId }, userIdentity }),
    });
    const session = { arn: 'arn:aws:sts::111122223333:assumed-role/search-task/1' };
    const LookupEvents = (input: unknown) => {
      pages.push(input);
      if (pages.length === 1) {
        const issuer = { sessionContext: { sessionIssuer: { arn: TASK } } };
        return { Events: [event('billing/config', { ...session, ...issuer })], NextToken: 'more' };
      }
      return { Events: [event('billing/config', session), { CloudTrailEvent: 'no JSON' }] };
    };
    const { init } = await openBrownfield({ operations: { LookupEvents } });
    const { policy, written } = await init('--read-values', '--cloudtrail');
    expect(policy.workspaces[1].keys[0].readers).toEqual([TASK]);
    expect(written).toContain(`- "${TASK}" # read it since 2026-08-26`);
    expect(pages).toHaveLength(2);
  });

  test('a secret that cannot be read is said, and throttling and pages are gone through', async () => {
    let calls = 0;
    const world = await openBrownfield({
      intercept: ({ headers, body }) => {
        if (!headers['x-amz-target']?.endsWith('GetSecretValue')) return undefined;
        calls += 1;
        if (body.includes('secret:secret-7-')) {
          return awsError(new AwsError('AccessDeniedException', 'not for you'));
        }
        return calls % 40 === 0
          ? awsError(new AwsError('ThrottlingException', 'Rate exceeded'))
          : undefined;
      },
    });
    for (let n = 0; n < 230; n += 1) world.secrets.create(`secret-${n}`, { value: `value ${n}` });
    const { status, stdout, written } = await world.init('--read-values');
    expect(status).toBe(0);
    expect(stdout).toContain('and 236 secrets');
    expect(written).toContain('# Not known: what secret secret-7 holds: AccessDeniedException');
    expect(written).toContain('name: "teams/search"');
  });
});

test('without --read-values, no value is read but that of the Admin API key', async () => {
  const { init, calls } = await openBrownfield();
  const { written, policy } = await init();
  expect(calls.filter((call) => call === 'GetSecretValue')).toHaveLength(1);
  expect(written).toContain(
    '# Not known: which secrets hold which keys: --read-values was not given',
  );
  expect(written).toContain('# - old-mistral-thing: named after Mistral');
  expect(policy.workspaces).toHaveLength(3);
});

test('writes over no file, and asks nothing before it knows', async () => {
  const { init, policyPath, calls } = await openBrownfield();
  writeFileSync(policyPath, 'mine');
  const { status, stderr } = await init('--read-values');
  expect([status, stderr]).toEqual([
    2,
    expect.stringContaining('exists already, and init writes over no file'),
  ]);
  expect(calls).toEqual([]);
  expect(readFileSync(policyPath, 'utf8')).toBe('mine');
});

describe('without the Admin API', () => {
  test('works from the secrets that it is given, and says what it cannot know', async () => {
    const { init, run, calls } = await openBrownfield();
    const { status, written, policy } = await init(
      '--operator',
      '--secret',
      'teams/search',
      'db/password',
    );
    expect(status).toBe(0);
    expect(policy.mistral.keySource).toBe('operator');
    expect(policy.workspaces[0].keys).toEqual([
      { name: 'db-password' },
      { name: 'teams_search', readers: [READER] },
    ]);
    expect(written).toContain('# Not known: workspaces, their ids, limits and owners');
    expect(calls).toEqual(['GetResourcePolicy', 'GetResourcePolicy']);
    expect((await run(['policy', 'check'])).status).toBe(0);
  });

  test('needs their names', async () => {
    const { init } = await openBrownfield();
    const { status, stderr } = await init('--operator');
    expect([status, stderr]).toEqual([2, expect.stringContaining('name the secrets')]);
  });

  test('an Admin API key that is not there ends it, with no file', async () => {
    const { init, written } = { ...(await openBrownfield()), written: '' };
    const run = await init('--admin-key-secret', 'mistral/none');
    expect([run.status, run.written]).toEqual([3, written]);
  });
});

const LISTED = {
  id: '1',
  name: 'a',
  workspaceId: DEV,
  workspaceName: undefined,
  createdAt: undefined,
  expiresOn: undefined,
  lastUsedOn: undefined,
};

test('a key that two listed keys may be is taken for neither', () => {
  const learnt: ApiKey[] = [];
  const key = 'abcdEFGHIJKLMNOPQRSTUVWXYZ012345';
  const match = createKeyMatcher(
    [
      { ...LISTED, hiddenKey: 'abcd...2345' },
      { ...LISTED, id: '2', hiddenKey: 'abcd...2345' },
      { ...LISTED, id: '3', hiddenKey: undefined },
    ],
    (found) => learnt.push(found),
  );
  expect(match('x', `no ${key.slice(1)} here`)).toEqual([]);
  const [held] = match('x', key);
  expect(held?.keys.map(({ id }) => id)).toEqual(['1', '2']);
  expect(learnt.map((one) => one.reveal())).toEqual([key]);
});

test.each([...HOSTILE_NAMES, 'team-search', `${'a'.repeat(58)}-search`, 'gateway'])(
  'names of others, such as %j, leave the policy valid and its comments alone',
  (name) => {
    const workspace = (id: string) => ({
      id,
      name,
      monthlyNanos: [5, undefined, 7_000_000_000],
      models: [name, 'mistral-small-2603'],
      keys: [{ ...LISTED, id: name, name, workspaceId: id, createdBy: name }],
    });
    const organization = {
      currency: name,
      requestsPerSecond: 0.001,
      workspaces: [workspace(DEV), workspace(ML)],
      members: [{ id: name, name }],
      strays: [{ ...LISTED, name }],
      problems: [],
    };
    const held = [
      {
        keys: [organization.workspaces[0]?.keys[0] ?? LISTED],
        format: 'plain' as const,
        where: name,
      },
    ];
    const secret = { name: 'teams/search', arn: 'arn', held, readers: [], others: [name] };
    const text = draftPolicy({
      today: '2026-11-24',
      isOperator: false,
      apiUrl: 'https://api.mistral.ai',
      adminUrl: 'https://api.mistral.ai/v1/admin',
      adminKeySecret: 'mistral/admin-api-key',
      organization,
      secrets: [secret, { ...secret, name: `x${name}`, held: [] }],
      trail: undefined,
      unknown: [name],
    });
    const policy = checkPolicy(parse(text));
    expect(policy.workspaces).toHaveLength(2);
    expect(Object.keys(parse(text))).toEqual(['mistral', 'workspaces']);
    expect(policy.workspaces[0]?.keys).toHaveLength(1);
  },
);
