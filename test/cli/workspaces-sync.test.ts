import { describe, expect, test } from 'vitest';
import { jsonAnswer } from '../../testing/fakes/http-server.js';
import { ADMIN_KEY, openCliWorld } from './cli-world.js';
import { documentOf } from './run-cli.js';

const SYNC = ['workspaces', 'sync'];
const DEV = { id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01', name: 'dev-workspace' };
const ML = { id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02', name: 'ml-workspace' };
const OTHER = { id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7aff', name: 'marketing' };

describe('workspaces sync', () => {
  test('says that policy and Mistral agree', async () => {
    const world = await openCliWorld();
    const { status, stdout } = await world.run(SYNC);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^dev-workspace +same +6c1f0a0e-/m);
    expect(world.calls).not.toContain('POST /v1/admin/workspaces');
  });

  test('creates nothing without --yes, then all missing workspaces, then finds them by name', async () => {
    const world = await openCliWorld({
      workspaces: [OTHER, DEV],
      change: ({ workspaces }) => {
        delete workspaces[1].id; // ml-workspace: never created
      },
    });

    const plan = await world.run(SYNC);
    expect(plan.status).toBe(1);
    expect(plan.stdout).toMatch(/^ml-workspace +missing +no id in the policy/m);
    expect(plan.stdout).toMatch(/^prod-workspace +missing +Mistral lists no 6c1f0a0e-/m);
    expect(plan.stdout).toMatch(/^marketing +not in policy +6c1f0a0e-/m);
    expect(plan.stdout).toContain('nothing was created: add --yes');
    expect(world.mistral.organization.workspaces).toHaveLength(2);

    const creation = await world.run([...SYNC, '--yes', '--json']);
    const { created } = documentOf(creation);
    const [, , ml, prod] = world.mistral.organization.workspaces;
    expect(creation.status).toBe(0);
    expect(created).toEqual([
      { name: 'ml-workspace', id: ml?.id },
      { name: 'prod-workspace', id: prod?.id },
    ]);
    expect(ml).toMatchObject({ name: 'ml-workspace', description: 'ml engineers' });
    expect(creation.stderr).toContain(`created ml-workspace ${ml?.id}`);

    const again = await world.run([...SYNC, '--yes']);
    expect(again.status).toBe(1); // the policy does not have the ids yet
    expect(again.stdout).toContain(`  - name: prod-workspace\n    id: ${prod?.id}\n`);
    expect(world.mistral.organization.workspaces).toHaveLength(4);
    expect(
      [plan, creation, again].map(({ stdout, stderr }) => stdout + stderr).join(),
    ).not.toContain(ADMIN_KEY.slice(0, 12));
  });

  test('puts the ids into the policy with --write, after which both agree', async () => {
    const world = await openCliWorld({
      workspaces: [DEV, ML],
      change: ({ workspaces }) => {
        delete workspaces[1].id; // ml-workspace: at Mistral, but not known here
        delete workspaces[2].id; // prod-workspace: never created
      },
    });
    const written = await world.run([...SYNC, '--yes', '--write']);
    expect(written.status).toBe(0);
    expect(written.stdout).toContain(`${world.policyPath} has the ids now`);
    const again = await world.run(SYNC);
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/^prod-workspace +same/m);
    expect((await world.run(['policy', 'check'])).status).toBe(0);
  });

  test('a failure names the workspaces that were created before it', async () => {
    let creations = 0;
    const world = await openCliWorld({
      workspaces: [DEV],
      intercept: ({ method, url }) => {
        if (method !== 'POST' || url.pathname !== '/v1/admin/workspaces') return undefined;
        creations += 1;
        const message = `no more for ${ADMIN_KEY}`;
        return creations === 2 ? jsonAnswer(400, { object: 'error', message }) : undefined;
      },
    });
    const { status, stdout } = await world.run([...SYNC, '--yes', '--json']);
    const { error } = JSON.parse(stdout);
    const [, ml] = world.mistral.organization.workspaces;
    expect(status).toBe(3);
    expect(error.code).toBe('mistral_unreachable');
    expect(error.created).toEqual([{ name: ML.name, id: ml?.id }]);
    expect(error.message).toContain('workspace prod-workspace could not be created');
    expect(stdout).not.toContain(ADMIN_KEY);
  });

  test('reports other names, lower limits and ambiguous names', async () => {
    const world = await openCliWorld({
      workspaces: [
        { ...DEV, monthlyLimitUsd: 20 },
        { ...ML, name: 'ml\u001b[31m' },
        { ...OTHER, name: 'prod-workspace' },
        { id: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7afe', name: 'PROD-workspace' },
      ],
      change: (policy) => {
        policy.workspaces[0].requestsPerMinute = 6000;
      },
    });
    const { status, stdout } = await world.run([...SYNC, '--yes']);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^dev-workspace +lower limit +Mistral suspends it at 20 USD/m);
    expect(stdout).toMatch(/^ml-workspace +other name +named "ml" at Mistral/m);
    expect(stdout).toMatch(/^prod-workspace +ambiguous +/m);
    expect(stdout).toMatch(/^dev-workspace: .*rate limit/m);
    expect(world.calls).not.toContain('POST /v1/admin/workspaces');
  });

  test.each([
    [
      'the admin key is rejected',
      (world: Awaited<ReturnType<typeof openCliWorld>>) =>
        world.secrets.create('mistral/admin-api-key', { value: 'AnotherKeyThatIsNotKnown' }),
      {},
      'mistral_unreachable',
    ],
    ['there are no credentials', () => {}, { AWS_ACCESS_KEY_ID: '' }, 'no_credentials'],
    ['there is no region', () => {}, { AWS_REGION: '' }, 'no_region'],
    [
      'AWS does not answer',
      () => {},
      { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      'aws_unreachable',
    ],
  ])('ends with 3 where %s', async (_what, prepare, env, code) => {
    const world = await openCliWorld();
    prepare(world);
    const run = await world.run([...SYNC, '--json'], { env });
    expect(run.status).toBe(3);
    expect(documentOf(run).error.code).toBe(code);
  });
});
