import { stripVTControlCharacters as withoutStyle } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { aRetirement } from '../support/builders.js';
import { type DeployedWorld, deployWorld } from './deployed-world.js';
import { type CliRun, documentOf } from './run-cli.js';

const SEARCH = 'mistral/prod-workspace/search-service-key';

let deployed: DeployedWorld;
const printed: string[] = [];

beforeAll(async () => {
  deployed = await deployWorld();
});
afterAll(() => deployed.close());
afterEach(() => {
  for (const { plaintext } of deployed.world.mistral.keys.all()) {
    expect(printed.join('')).not.toContain(plaintext);
  }
});

async function cli(...args: readonly string[]): Promise<CliRun> {
  const run = await deployed.cli(args);
  printed.push(run.stdout, run.stderr);
  return run;
}

const atMistral = () => deployed.world.mistral.keys.all().map(({ id }) => id);
const keyIdOf = (secret: string): string =>
  JSON.parse(deployed.world.secrets.valueAt(secret, 'AWSCURRENT') ?? '').keyId;

test('keys list shows the state of every key', async () => {
  const run = await cli('keys', 'list');
  expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: '' });
  const [head, ...rows] = run.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^key +workspace +age +last used +next rotation +state$/);
  expect(rows).toHaveLength(7);
  expect(rows[0]).toMatch(/^dev-team-key +dev-workspace +40 days +2026-10-15 +2027-01-13 +ok$/);
});

test('keys rotate waits for the new key, and the replaced key retires', async () => {
  const old = keyIdOf(SEARCH);
  const run = await cli('keys', 'rotate', 'search-service-key', '--json');
  expect(run.status).toBe(0);
  const [secret] = deployed.world.secrets.all().filter(({ name }) => name === SEARCH);
  expect(documentOf(run)).toEqual({
    secret: SEARCH,
    oldVersionId: expect.any(String),
    newVersionId: [...(secret?.versions.values() ?? [])].find(({ stages }) =>
      stages.has('AWSCURRENT'),
    )?.id,
    revoked: null,
  });
  expect(keyIdOf(SEARCH)).not.toBe(old);
  expect(atMistral()).toContain(old);

  const { keys } = documentOf(await cli('keys', 'list', '--json'));
  expect(keys.find((key: { secret: string }) => key.secret === SEARCH)).toMatchObject({
    keyId: keyIdOf(SEARCH),
    ageDays: 0,
    state: 'replaced key retiring',
  });
});

test('keys approve needs a confirmation: on a terminal, or --yes', async () => {
  const before = atMistral();
  const run = await cli('keys', 'approve', 'prod-workspace/search-service-key');
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(
    /^error: this would revoke key [\w-]+, replaced on 2026-11-24: add --yes to confirm$/m,
  );
  const args = ['keys', 'approve', 'prod-workspace/search-service-key'];
  const asked = await deployed.cli(args, { typed: ['\n'] });
  expect(asked.status).toBe(1);
  expect(asked.stderr).toMatch(
    /This revokes key [\w-]+, replaced on 2026-11-24\. .*\n.*Revoke now\?/,
  );
  expect(asked.stderr).toContain('nothing was revoked');
  expect(atMistral()).toEqual(before);
});

test('keys approve revokes the replaced key at once, and the waiting flow ends', async () => {
  const run = await cli('keys', 'approve', SEARCH, '--yes', '--json');
  expect(run.status).toBe(0);
  const { revoked } = documentOf(run);
  expect(revoked).toEqual([{ keyId: expect.any(String), end: 'revoked' }]);
  expect(atMistral()).not.toContain(revoked[0].keyId);
  expect(deployed.world.executions.all().map(({ status }) => status)).toEqual([
    'ABORTED',
    'SUCCEEDED',
  ]);

  const again = await cli('keys', 'approve', SEARCH, '--yes', '--json');
  expect(again.status).toBe(1);
  expect(documentOf(again).error).toMatchObject({
    code: 'nothing_to_approve',
    message: 'no replaced key of that name waits to be revoked', // the name may be a key by mistake
  });
});

test('keys rotate --compromised needs a confirmation: on a terminal, or --yes', async () => {
  const [before, leaked] = [atMistral(), keyIdOf('mistral/dev-workspace/dev-team-key')];
  const run = await cli('keys', 'rotate', 'dev-team-key', '--compromised');
  expect(run.status).toBe(1);
  expect(run.stderr).toBe(
    'error: this would replace the key of mistral/dev-workspace/dev-team-key and revoke it at once: add --yes to confirm\n',
  );
  const args = ['keys', 'rotate', 'dev-team-key', '--compromised'];
  const asked = await deployed.cli(args, { typed: ['\n'] });
  expect(asked.status).toBe(1);
  expect(asked.stderr).toMatch(
    /replaces the key of \S+dev-team-key and revokes it at once\. .*401.*\n.*Rotate and revoke now\?/,
  );
  expect(asked.stderr).toContain('nothing was rotated');
  expect(atMistral()).toEqual(before);
  expect(keyIdOf('mistral/dev-workspace/dev-team-key')).toBe(leaked);
});

test('keys rotate takes --yes as keys approve does, also where it would not ask', async () => {
  const run = await cli('keys', 'rotate', 'checkout', '--yes');
  expect(run.stderr).toContain('the policy has no key of that name');
});

test('keys rotate --compromised revokes the leaked key as soon as the new key is current', async () => {
  const leaked = keyIdOf('mistral/dev-workspace/dev-team-key');
  const run = await cli('keys', 'rotate', 'dev-team-key', '--compromised', '--yes');
  expect(run.status).toBe(0);
  expect(run.stdout).toContain(`✓ replaced key ${leaked}: revoked`);
  expect(atMistral()).not.toContain(leaked);
});

test('if credentials expire before a leaked key is revoked, the error says what is done and what to do', async () => {
  const leaked = keyIdOf('mistral/dev-workspace/dev-team-key');
  deployed.expiredFor.add('ListExecutions');
  const run = await cli('keys', 'rotate', 'dev-team-key', '--compromised', '--yes', '--json');
  deployed.expiredFor.clear();
  expect(run.status).toBe(3);
  expect(documentOf(run).error).toMatchObject({
    code: 'aws_refused',
    secret: 'mistral/dev-workspace/dev-team-key',
    newVersionId: expect.any(String),
    message: expect.stringMatching(/ExpiredToken.*keys approve dev-workspace\/dev-team-key$/),
  });
  expect(keyIdOf('mistral/dev-workspace/dev-team-key')).not.toBe(leaked);

  const approved = await deployed.cli(['keys', 'approve', 'dev-team-key'], { typed: ['y\n'] });
  expect(withoutStyle(approved.stdout)).toBe(`✓ replaced key ${leaked}: revoked\n`);
  expect(atMistral()).not.toContain(leaked);
});

test('fails when a rotation does not finish in time, and the previous key stays current', async () => {
  const { world } = deployed;
  const old = keyIdOf('mistral/ml-workspace/ml-team-key');
  world.mistral.organization.monthlyLimitReached = true; // the new key is rejected for an unknown reason
  try {
    const run = await cli('keys', 'rotate', 'ml-team-key', '--timeout', '0.02', '--json');
    expect(run.status).toBe(1);
    expect(documentOf(run).error).toMatchObject({ code: 'rotation_not_finished' });
    expect(keyIdOf('mistral/ml-workspace/ml-team-key')).toBe(old);
  } finally {
    world.mistral.organization.monthlyLimitReached = false;
  }
});

test('audit runs the deployed audit, and exits with 1 for findings', async () => {
  const { keys } = deployed.world.mistral;
  const [workspace] = deployed.world.policy.workspaces;
  keys.create({ name: 'notebook', workspaceId: workspace?.id ?? '', userId: 'user-1' });
  const run = await cli('audit');
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(/^warning +unmanaged +notebook +dev-workspace +\d{4}-\d\d-\d\d$/m);
  expect(run.stdout).toMatch(/^\d+ keys checked: 7 findings, 7 of them new; 0 resolved$/m);

  const { findings } = documentOf(await cli('audit', '--json'));
  expect(findings.map(({ type }: { type: string }) => type)).toContain('unmanaged');
});

test('spend shows a bar for each budget', async () => {
  const run = await cli('spend');
  expect(run.status).toBe(0);
  expect(run.stdout).toMatch(/^dev-workspace +2026-11 +0\.00 USD +50\.00 USD +░{20} +0 %$/m);
  expect(documentOf(await cli('spend', '--json')).spend).toContainEqual(
    expect.objectContaining({ workspace: 'dev-workspace', window: 'month', budgetNanos: 50e9 }),
  );
});

test('errors name the problem and the possible values', async () => {
  const unknown = await cli('keys', 'rotate', 'checkout');
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain('error: the policy has no key of that name; it has:\n');
  expect(unknown.stderr).toContain('\n  prod-workspace/checkout-service-key\n');

  const ambiguous = await cli('keys', 'rotate', 'gateway', '--json');
  expect(ambiguous.status).toBe(2);
  expect(documentOf(ambiguous).error.problems).toEqual([
    'dev-workspace/gateway',
    'ml-workspace/gateway',
    'prod-workspace/gateway',
  ]);

  const elsewhere = await cli('audit', '--environment', 'staging', '--json');
  expect(elsewhere.status).toBe(3);
  expect(documentOf(elsewhere).error).toMatchObject({ code: 'stack_not_found' });

  const late = await cli('keys', 'rotate', 'dev-team-key', '--timeout', 'soon');
  expect(late.status).toBe(2);
});

/** Those who may start the flow write its input. */
test.each([
  ['by rules of its own', {}, 'replaced key retiring'],
  ['that waits for ever', { checkAt: '2099-01-01T00:00:00.000Z' }, 'ok'],
  ['of a promotion to come', { promotedAt: '2099-01-01T00:00:00.000Z' }, 'ok'],
])('keys list reads an execution %s by the policy', async (name, change, state) => {
  const { executions, secrets, clock } = deployed.world;
  const input = aRetirement({
    secretId: secrets.find(SEARCH).arn,
    secretName: SEARCH,
    promotedAt: clock.now().toISOString(),
    rules: { quietDays: 0, maxDrainDays: 0, onDrainTimeout: 'hold' },
    ...change,
  });
  executions.operations.StartExecution?.({ name, input: JSON.stringify(input) });
  const { keys } = documentOf(await cli('keys', 'list', '--json'));
  executions.operations.StopExecution?.({ executionArn: executions.all().at(-1)?.arn });
  expect(keys).toContainEqual(expect.objectContaining({ secret: SEARCH, state }));
});
