import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
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
  const run = await deployed.cli(...args);
  printed.push(run.stdout, run.stderr);
  return run;
}

const atMistral = () => deployed.world.mistral.keys.all().map(({ id }) => id);
const keyIdOf = (secret: string): string =>
  JSON.parse(deployed.world.secrets.valueAt(secret, 'AWSCURRENT') ?? '').keyId;

test('keys list shows every key as it stands', async () => {
  const run = await cli('keys', 'list');
  expect({
    status: run.status,
    stderr: run.stderr.replace('looking at every key …\n', ''),
  }).toEqual({
    status: 0,
    stderr: '',
  });
  const [head, ...rows] = run.stdout.trimEnd().split('\n');
  expect(head).toMatch(/^key +workspace +age +last used +next rotation +state$/);
  expect(rows).toHaveLength(7);
  expect(rows[0]).toMatch(
    /^dev-team-key +dev-workspace +40 d +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +ok$/,
  );
});

test('keys rotate waits for the new key, and leaves the old one to its retirement', async () => {
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
    state: 'old key retiring',
  });
});

test('keys approve asks before it revokes, and needs a yes where nobody can be asked', async () => {
  const before = atMistral();
  const run = await cli('keys', 'approve', 'prod-workspace/search-service-key');
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(
    /^error: this would revoke key [\w-]+, replaced on .*: say --yes to do so$/m,
  );
  expect(atMistral()).toEqual(before);
});

test('keys approve revokes the old key at once, and the flow that waited for it ends', async () => {
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
    message: 'no old key of that name waits to be revoked', // it may be a key by mistake
  });
});

test('keys rotate --compromised revokes what leaked as soon as a new key is in charge', async () => {
  const leaked = keyIdOf('mistral/dev-workspace/dev-team-key');
  const run = await cli('keys', 'rotate', 'dev-team-key', '--compromised');
  expect(run.status).toBe(0);
  expect(run.stdout).toContain(`✓ old key ${leaked}: revoked`);
  expect(atMistral()).not.toContain(leaked);
});

test('credentials that expire before a leaked key is revoked: says what is done, and what to do', async () => {
  const leaked = keyIdOf('mistral/dev-workspace/dev-team-key');
  deployed.expiredFor.add('ListExecutions');
  const run = await cli('keys', 'rotate', 'dev-team-key', '--compromised', '--json');
  deployed.expiredFor.clear();
  expect(run.status).toBe(3);
  expect(documentOf(run).error).toMatchObject({
    code: 'aws_refused',
    secret: 'mistral/dev-workspace/dev-team-key',
    newVersionId: expect.any(String),
    message: expect.stringMatching(/ExpiredToken.*keys approve dev-workspace\/dev-team-key$/),
  });
  expect(keyIdOf('mistral/dev-workspace/dev-team-key')).not.toBe(leaked);

  const approved = await cli('keys', 'approve', 'dev-team-key', '--yes');
  expect(approved.stdout).toBe(`✓ old key ${leaked}: revoked\n`);
  expect(atMistral()).not.toContain(leaked);
});

test('a rotation that does not finish in time is said so, and the old key stays in charge', async () => {
  const { world } = deployed;
  const old = keyIdOf('mistral/ml-workspace/ml-team-key');
  world.mistral.organization.monthlyLimitReached = true; // a new key is refused, and nobody can tell why
  try {
    const run = await cli('keys', 'rotate', 'ml-team-key', '--timeout', '0.02', '--json');
    expect(run.status).toBe(1);
    expect(documentOf(run).error).toMatchObject({ code: 'rotation_not_finished' });
    expect(keyIdOf('mistral/ml-workspace/ml-team-key')).toBe(old);
  } finally {
    world.mistral.organization.monthlyLimitReached = false;
  }
});

test('audit runs the deployed audit, and exits with 1 for what it finds', async () => {
  const { keys } = deployed.world.mistral;
  const [workspace] = deployed.world.policy.workspaces;
  keys.create({ name: 'notebook', workspaceId: workspace?.id ?? '', userId: 'somebody' });
  const run = await cli('audit');
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(/^warning +unmanaged +notebook +dev-workspace +\d{4}-\d\d-\d\d$/m);
  expect(run.stdout).toMatch(/^9 keys looked at, 7 findings, 7 of them new; 0 resolved$/m);

  const { findings } = documentOf(await cli('audit', '--json'));
  expect(findings.map(({ type }: { type: string }) => type)).toContain('unmanaged');
});

test('spend shows a bar for each budget', async () => {
  const run = await cli('spend');
  expect(run.status).toBe(0);
  expect(run.stdout).toMatch(/^dev-workspace +\d{4}-\d\d +0\.00 USD +50\.00 USD +░{20} +0%$/m);
  expect(documentOf(await cli('spend', '--json')).spend).toContainEqual(
    expect.objectContaining({ workspace: 'dev-workspace', window: 'month', budgetNanos: 50e9 }),
  );
});

test('what cannot be done says why, and what there is', async () => {
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
