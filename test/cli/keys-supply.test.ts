import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createProber } from '../../governance/mistral/client.aws.js';
import { addDays, utcDay } from '../../governance/platform/utc-day.js';
import { createOperatorRotationHandler } from '../../lambdas/key-rotation/handler.js';
import { localAws } from '../../testing/aws.js';
import { anOperatorPolicy, silentLog } from '../support/builders.js';
import { leaksIn } from '../support/invariants.js';
import { MARGINS, NO_KEYS } from '../support/pasted-keys.js';
import { openCliWorld } from './cli-world.js';
import { type CliOptions, documentOf, NOW } from './run-cli.js';

const SECRET = 'mistral/dev-workspace/dev-team-key';
const KEY = ['keys', 'supply', 'dev-workspace/dev-team-key'];
const LIKE_A_KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const AT_ONCE = ['--wait', '0'];

/** A deployed stack in operator mode, whose rotation function is the real one. */
async function openWorld(keySource: 'operator' | 'admin-api' = 'operator') {
  const alerts: Alert[] = [];
  const retirements: string[] = [];
  const steps: unknown[] = [];
  const world = await openCliWorld({
    outputs: {
      RotationFunctionName: 'rotation',
      RetirementStateMachineArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:Retirement',
    },
    change: (document) => {
      document.mistral.keySource = keySource;
    },
    functions: ({ url }) => ({
      async rotation(event) {
        steps.push(event);
        const policy = anOperatorPolicy((document) => {
          document.mistral.apiUrl = url;
        });
        const handler = createOperatorRotationHandler({
          policy,
          secrets: createSecretVersions(new SecretsManagerClient(localAws(url))),
          prober: createProber(policy),
          retirements: {
            start: async (name) => {
              retirements.push(name);
              return 'started';
            },
          },
          alerts: { publish: async (alert) => void alerts.push(alert) },
          journal: { record: async () => {}, recordOnce: async () => true },
          counts: { count() {} },
          log: silentLog,
          now: () => NOW,
        });
        await handler(event, { getRemainingTimeInMillis: () => 60_000 });
      },
    }),
  });
  world.secrets.create(SECRET);
  return {
    ...world,
    alerts,
    retirements,
    steps,
    /** As an operator does in Mistral's console. */
    createKey: (name = 'from-console') =>
      world.mistral.keys.create({
        name,
        workspaceId: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
        userId: 'user-1',
      }).plaintext,
    current: () => JSON.parse(world.secrets.valueAt(SECRET, 'AWSCURRENT') ?? '{}'),
    supply: (stdin: string, args: readonly string[] = [], options: CliOptions = {}) =>
      world.run([...KEY, ...AT_ONCE, ...args], { stdin, ...options }),
  };
}

let world: Awaited<ReturnType<typeof openWorld>>;

describe('keys supply', () => {
  beforeEach(async () => {
    world = await openWorld();
  });

  test('requests a key by name, verifies and promotes it, and prints it nowhere', async () => {
    const key = world.createKey();
    const { status, stdout, stderr } = await world.supply(`${key}\n`, ['--name', 'from-console']);
    expect(stderr).toMatch(/name +from-console\n +workspace +dev-workspace\n/);
    expect(stderr).toMatch(/expires +2027-03-15, recommended/);
    expect(stdout).toBe(
      `✓ the new key of ${SECRET} is current\n  it is the first key of the secret\n`,
    );
    expect(status).toBe(0);
    expect(world.current()).toMatchObject({
      apiKey: key,
      keyId: 'from-console',
      workspace: 'dev-workspace',
    });
    expect(world.alerts.map(({ type }) => type)).toEqual(['rotation-succeeded']);
    expect(leaksIn(stdout + stderr + JSON.stringify([world.steps, world.alerts]), [key])).toEqual(
      [],
    );
    expect(world.calls.filter((call) => call.includes('/v1/admin'))).toEqual([]);
  });

  test('takes a key that is pasted at a terminal, and displays it nowhere', async () => {
    const key = world.createKey();
    const typed = [`${key}\n`];
    const run = await world.run([...KEY, '--name', 'from-console'], { typed });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('Paste the key:');
    expect(leaksIn(run.stdout + run.stderr, [key])).toEqual([]);
    expect(world.current()).toMatchObject({ apiKey: key });
  });

  test('stores a key without what was pasted around it', async () => {
    const key = world.createKey();
    const margin = MARGINS.map(([, text]) => text).join('');
    const piped = await world.supply(margin + key + margin, ['--name', 'from-console']);
    expect(piped.status).toBe(0);
    expect(world.current()).toMatchObject({ apiKey: key });
  });

  test.each(NO_KEYS)('stores nothing for a key with %s', async (_name, textOf) => {
    const run = await world.supply(textOf(LIKE_A_KEY), ['--name', 'from-console']);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/no key was given|the input is not a valid key/);
    expect(leaksIn(run.stdout + run.stderr, [LIKE_A_KEY])).toEqual([]);
    expect(world.secrets.find(SECRET).versions.size).toBe(0);
  });

  test('a second key is promoted, and the first one retires', async () => {
    await world.supply(world.createKey('one'), ['--name', 'one']);
    const next = world.createKey('two');
    const expiresAt = addDays(utcDay(NOW), 200);
    const run = await world.supply(next, ['--name', 'two', '--expires', expiresAt, '--json']);
    expect(documentOf(run)).toMatchObject({ secret: SECRET, outcome: 'promoted', keyName: 'two' });
    expect(world.current()).toMatchObject({ keyId: 'two', expiresAt, apiKey: next });
    expect(world.retirements).toHaveLength(1);
  });

  test('the current key, supplied again, is rejected and leaves nothing behind', async () => {
    const key = world.createKey();
    await world.supply(key, ['--name', 'from-console']);
    const again = await world.supply(key, ['--name', 'from-console', '--json']);
    expect(again.status).toBe(1);
    expect(documentOf(again)).toMatchObject({ outcome: 'rejected', reason: expect.any(String) });
    expect(world.secrets.valueAt(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  test('a key that Mistral rejects stays pending, and is retried or replaced', async () => {
    const good = world.createKey();
    await world.supply(world.createKey('first'), ['--name', 'first']);
    const rejected = await world.supply('NoSuchKeyAtMistralAtAll-1234567', ['--name', 'typo']);
    expect(rejected.status).toBe(1);
    expect(rejected.stdout).toMatch(/^✗ the key is not current: .*401/);
    expect(rejected.stdout).toContain('or with --replace to supply another one');
    expect(world.current().keyId).toBe('first');

    const again = await world.supply('', ['--json']);
    expect(again.status).toBe(1);
    expect(documentOf(again)).toMatchObject({ outcome: 'undecided', resumed: true });

    const replaced = await world.supply(good, ['--replace', '--name', 'good']);
    expect(replaced.status).toBe(0);
    expect(world.current()).toMatchObject({ keyId: 'good', apiKey: good });
  });

  test("a secret's first key, mistyped, is replaced under its name, and no key retires", async () => {
    const key = world.createKey('first');
    const typo = await world.supply('NoSuchKeyAtMistralAtAll-1234567', ['--name', 'first']);
    expect(typo.status).toBe(1);
    const right = await world.supply(key, ['--name', 'first', '--replace']);
    expect(right.status).toBe(0);
    expect(world.current()).toMatchObject({ keyId: 'first', apiKey: key });
    expect(world.retirements).toEqual([]);
  });

  test('no deletion is announced for the first key, even with --compromised', async () => {
    const first = ['--name', 'one', '--compromised'];
    const { status, stdout } = await world.supply(world.createKey('one'), first);
    expect(status).toBe(0);
    expect(stdout).toContain('it is the first key of the secret');
    expect(stdout).not.toContain('deletion-needed');
  });

  test('the deletion of a leaked key is requested at once', async () => {
    await world.supply(world.createKey('one'), ['--name', 'one']);
    const run = await world.supply(world.createKey('two'), ['--name', 'two', '--compromised']);
    expect(run.stdout).toContain("until you delete it in Mistral's console");
    expect(world.steps.at(-1)).toMatchObject({ Step: 'finishSecret', Compromised: true });
  });

  test('keys rotate and keys approve say what to do instead', async () => {
    const rotate = await world.run(['keys', 'rotate', 'dev-team-key']);
    expect(rotate.stderr).toContain(
      'error: mistral.keySource of the policy is operator: only an administrator can create keys: run mistral-governance keys supply dev-workspace/dev-team-key',
    );
    const leaked = await world.run(['keys', 'rotate', 'dev-team-key', '--compromised']);
    expect(leaked.stderr).toMatch(
      /1\. supply a new key: .* --compromised\n.*2\. once the new key is current/,
    );
    const approve = await world.run(['keys', 'approve', 'dev-workspace/dev-team-key', '--yes']);
    expect(approve.stderr).toContain('only an administrator can delete a key: delete it');
    expect([rotate, leaked, approve].map(({ status }) => status)).toEqual([2, 2, 2]);
    expect(world.steps).toEqual([]);
  });

  test('a key that an interrupted run left pending is promoted without another prompt', async () => {
    const key = { apiKey: world.createKey(), keyId: 'left', workspace: 'dev-workspace' };
    const value = { ...key, workspaceId: 'w', createdAt: '2026-11-24T00:00:00Z', expiresAt: null };
    world.secrets.operations.PutSecretValue?.({
      SecretId: SECRET,
      SecretString: JSON.stringify(value),
      VersionStages: ['AWSPENDING'],
    });
    const { status, stderr } = await world.supply('');
    expect({ status, asked: stderr.includes('Create a key') }).toEqual({ status: 0, asked: false });
    expect(world.current().keyId).toBe('left');
    expect(world.secrets.valueAt(SECRET, 'AWSPENDING')).toBeUndefined();
  });

  test.each<[string, string, readonly string[], string]>([
    ['a piped key and no name', 'KeyOfTheTests123456', [], 'a key from stdin needs --name'],
    ['no key at all', ' \n', ['--name', 'n'], 'no key was given'],
    [
      'several lines',
      'KeyOfTheTests123456\nmore',
      ['--name', 'n'],
      'must be one line with the key and no more',
    ],
    [
      'a sentence',
      'here is my key: abcdefgh12345678',
      ['--name', 'n'],
      'the input is not a valid key',
    ],
    ['an impossible date', '', ['--expires', '2027-02-30'], 'must be a date such as'],
    ['an expiry before the next key', '', ['--expires', '2026-12-01'], 'must be after'],
    ['a name that would break a command', '', ['--name', "it's"], 'letters, digits'],
    [
      'a key as a name',
      'search-2026-04-from-console',
      ['--name', LIKE_A_KEY],
      'It looks like a key',
    ],
    ['the key as its own name', 'KeyOfTheTests123456', ['--name', 'KeyOfTheTests123456'], '--name'],
  ])('fails for %s, and stores nothing', async (_name, stdin, args, message) => {
    const { status, stdout, stderr } = await world.supply(stdin, args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(LIKE_A_KEY);
    expect(world.secrets.find(SECRET).versions.size).toBe(0);
  });

  test.each([
    ['after', [...KEY, 'KeyOfTheTests123456']],
    ['instead of', ['keys', 'supply', 'KeyOfTheTests123456']],
  ])('takes no key as an argument %s its name, and does not repeat it', async (_where, args) => {
    const { status, stdout, stderr } = await world.run(args);
    expect(status).toBe(2);
    expect(stdout + stderr).not.toContain('KeyOfTheTests123456');
  });

  test('fails for policies with the Admin API', async () => {
    const { run } = await openWorld('admin-api');
    const { status, stderr } = await run(KEY);
    expect(status).toBe(2);
    expect(stderr).toContain('keys rotate');
  });
});
