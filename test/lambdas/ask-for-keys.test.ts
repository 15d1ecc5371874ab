import { expect, test } from 'vitest';
import { createAskForKeysHandler } from '../../lambdas/ask-for-keys/handler.js';
import type { Alert } from '../../lambdas/domain/alert.js';
import type { OpenFinding } from '../../lambdas/domain/reconcile-findings.js';
import type { RegisteredSecret } from '../../lambdas/domain/removal.js';
import { anOperatorPolicy, aSecret, silentLog } from '../support/builders.js';

const DEV = 'mistral/dev-workspace/dev-team-key';

function ask(
  stages: (name: string) => Record<string, string[]>,
  registered: readonly RegisteredSecret[] = [],
) {
  const register = new Map(registered.map((secret) => [secret.secretName, secret]));
  const alerts: Alert[] = [];
  const found: OpenFinding[] = [];
  const handler = createAskForKeysHandler({
    policy: anOperatorPolicy(),
    secrets: { describe: async (name) => ({ ...aSecret(stages(name)), name }) },
    findingStore: {
      open: async () => found,
      apply: async ({ open }) => void found.push(...open),
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
  return { alerts, found, register, handler };
}

test('asks for the first key of every secret without one, by the exact command', async () => {
  const { alerts, handler } = ask(
    (name): Record<string, string[]> => (name === DEV ? {} : { v1: ['AWSCURRENT'] }),
  );
  expect(await handler()).toEqual({ asked: [DEV], removed: [] });
  expect(alerts).toHaveLength(1);
  expect(alerts[0]).toMatchObject({ type: 'key-needed', workspace: 'dev-workspace' });
  expect(alerts[0]?.nextSteps[0]?.command).toBe(
    'npx mistral-governance keys supply dev-workspace/dev-team-key',
  );
});

test('asks once, however often it is deployed', async () => {
  const { alerts, handler } = ask(() => ({}));
  const first = await handler();
  expect(first.asked).toHaveLength(4);
  expect(await handler()).toEqual({ asked: [], removed: [] });
  expect(alerts).toHaveLength(4);
});

test('asks for a key where one was supplied and not verified', async () => {
  const { handler, alerts } = ask((name) =>
    name === DEV ? { v1: ['AWSCURRENT', 'AWSPENDING'] } : { v1: ['AWSCURRENT'] },
  );
  expect(await handler()).toEqual({ asked: [DEV], removed: [] });
  expect(alerts[0]?.facts.unfinished).toContain('v1');
});

test('asks once to delete the key of a secret that left the policy', async () => {
  const plannedAt = '2026-01-01T00:00:00.000Z';
  const gone = {
    secretName: 'mistral/old-workspace/old-key',
    workspace: 'old-workspace',
    plannedAt,
  };
  const { alerts, register, handler } = ask(() => ({ v1: ['AWSCURRENT'] }), [gone]);
  expect(await handler()).toEqual({ asked: [], removed: [gone.secretName] });
  expect(await handler()).toEqual({ asked: [], removed: [] });
  expect(alerts.map(({ type, workspace }) => [type, workspace])).toEqual([
    ['deletion-needed', 'old-workspace'],
  ]);
  expect([...register.keys()]).toContain(DEV);
  expect(register.has(gone.secretName)).toBe(false);
});
