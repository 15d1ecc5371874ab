import { expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import { renderAlert } from '../../governance/alerts/render-alert.js';
import type { OpenFinding } from '../../governance/audit/reconcile-findings.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { RegisteredSecret } from '../../governance/keys/secret-register.aws.js';
import { createRequestKeysHandler } from '../../lambdas/request-keys/handler.js';
import { HERE } from '../support/alert-place.js';
import { aManagedKey, anOperatorPolicy, aSecret, silentLog } from '../support/builders.js';

const DEV = 'mistral/dev-workspace/dev-team-key';

function account(
  stages: (name: string) => Record<string, string[]>,
  registered: readonly RegisteredSecret[] = [],
  policy = anOperatorPolicy(),
) {
  const register = new Map(registered.map((secret) => [secret.secretName, secret]));
  const flows = new Map<string, Retirement>();
  const alerts: Alert[] = [];
  const found: OpenFinding[] = [];
  const handler = createRequestKeysHandler({
    policy,
    events: { send: async () => {} },
    secrets: {
      describe: async (name) => ({ ...aSecret(stages(name)), name }),
      read: async (_secret, version) => aManagedKey(`key-of-${version}`),
    },
    retirements: {
      start: async (name, retirement) => {
        flows.set(name, retirement);
        return 'started';
      },
    },
    findingStore: {
      open: async () => found,
      apply: async ({ opened }) => void found.push(...opened),
    },
    register: {
      all: async () => [...register.values()],
      put: async (secret) => void register.set(secret.secretName, secret),
      forget: async (name) => void register.delete(name),
    },
    alerts: { publish: async (alert) => void alerts.push(alert) },
    log: silentLog,
    now: () => new Date('2026-04-01T10:00:00Z'),
  });
  return { alerts, found, flows, register, handler };
}

test('requests the first key of every secret without one, by the exact command', async () => {
  const { alerts, handler } = account(
    (name): Record<string, string[]> => (name === DEV ? {} : { v1: ['AWSCURRENT'] }),
  );
  expect(await handler()).toEqual({ requested: [DEV], retiring: [] });
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({ type: 'key-needed', workspace: 'dev-workspace' });
  expect(alerts[0]?.nextSteps[0]?.command).toBe(
    'npx --no -- mistral-governance keys supply dev-workspace/dev-team-key',
  );
  expect(alerts[0]?.nextSteps[0]?.say).toMatch(/policy file.*--policy, --stack or --environment/);
});

test('requests a key once, however often it is deployed', async () => {
  const { alerts, handler } = account(() => ({}));
  const first = await handler();
  expect(first.requested).toHaveLength(4);
  expect(await handler()).toEqual({ requested: [], retiring: [] });
  expect(alerts).toHaveLength(4);
});

test('requests a key where one was supplied and not verified', async () => {
  const { handler, alerts } = account(
    (name): Record<string, string[]> =>
      name === DEV ? { 'v1-first': ['AWSCURRENT', 'AWSPENDING'] } : { v1: ['AWSCURRENT'] },
  );
  expect(await handler()).toEqual({ requested: [DEV], retiring: [] });
  expect(alerts[0]?.facts.unfinished).toContain('v1');
});

test('hands the key of a secret that left the policy to its retirement, once', async () => {
  const plannedAt = '2026-01-01T00:00:00.000Z';
  const gone = {
    secretName: 'mistral/old-workspace/old-key',
    workspace: 'old-workspace',
    plannedAt,
  };
  const { alerts, flows, register, handler } = account(() => ({ v1: ['AWSCURRENT'] }), [gone]);
  expect(await handler()).toEqual({ requested: [], retiring: [gone.secretName] });
  expect(await handler()).toEqual({ requested: [], retiring: [] });
  expect([...flows.values()]).toEqual([
    expect.objectContaining({
      reason: 'removed',
      oldKeyId: 'key-of-v1',
      workspace: 'old-workspace',
      checkAt: '2026-04-03T01:00:00.000Z',
    }),
  ]);
  expect(alerts).toEqual([]);
  expect([...register.keys()]).toContain(DEV);
  expect(register.has(gone.secretName)).toBe(false);
});

test('a secret that cannot be described stops no other, and fails the deploy', async () => {
  const { alerts, handler } = account((name) => {
    if (name === DEV) throw new Error('denied');
    return {};
  });
  await expect(handler()).rejects.toThrow(`key not requested (${DEV}): denied`);
  expect(alerts).toHaveLength(3);
});

test('requests many keys of a workspace in one message, and those of others in theirs', async () => {
  const many = anOperatorPolicy((document) => {
    const [first, second] = document.workspaces;
    const keys = (count: number) => Array.from({ length: count }, (_, i) => ({ name: `key_${i}` }));
    document.workspaces = [
      { ...first, keys: keys(300) },
      { ...second, keys: keys(2) },
    ];
    document.callers = [];
  });
  const { alerts, found, handler } = account(() => ({}), [], many);
  expect((await handler()).requested).toHaveLength(302);
  expect(alerts.map(({ title, workspace }) => [title, workspace])).toEqual([
    ['Supply 300 keys in workspace dev-workspace', 'dev-workspace'],
    ['Supply a key for mistral/ml-workspace/key_0', 'ml-workspace'],
    ['Supply a key for mistral/ml-workspace/key_1', 'ml-workspace'],
  ]);
  expect(found).toHaveLength(302);
  const { message } = renderAlert(alerts[0] as Alert, HERE);
  const { email } = JSON.parse(message);
  expect(email).toContain(`1. WARNING  mistral/dev-workspace/key_0
   - An operator must supply a key (first key: services that read the secret have none yet).
   Next: supply the key:
   npx --no -- mistral-governance --region eu-west-1 keys supply dev-workspace/key_0`);
  expect(email).toContain('and 275 more');
  expect(email).toContain(
    'List all keys: npx --no -- mistral-governance --region eu-west-1 keys list',
  );
  expect((await handler()).requested).toEqual([]);
});
