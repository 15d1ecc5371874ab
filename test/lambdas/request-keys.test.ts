import { expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { OpenFinding } from '../../governance/audit/reconcile-findings.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { RegisteredSecret } from '../../governance/keys/secret-register.aws.js';
import { createRequestKeysHandler } from '../../lambdas/request-keys/handler.js';
import { aManagedKey, anOperatorPolicy, aSecret, silentLog } from '../support/builders.js';

const DEV = 'mistral/dev-workspace/dev-team-key';

function account(
  stages: (name: string) => Record<string, string[]>,
  registered: readonly RegisteredSecret[] = [],
) {
  const register = new Map(registered.map((secret) => [secret.secretName, secret]));
  const flows = new Map<string, Retirement>();
  const alerts: Alert[] = [];
  const found: OpenFinding[] = [];
  const handler = createRequestKeysHandler({
    policy: anOperatorPolicy(),
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
