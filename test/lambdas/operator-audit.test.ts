import { expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { AuditGauges } from '../../governance/audit/audit-metrics.js';
import type { AuditMemory } from '../../governance/audit/finding-store.aws.js';
import type { OpenFinding } from '../../governance/audit/reconcile-findings.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import { createNightlyAuditHandler } from '../../lambdas/nightly-audit/handler.js';
import { anOpenFinding, DEV, DEV_ID, dayAgo, daysAgo, NOW } from '../support/audit-builders.js';
import { anOperatorPolicy, aSecret, silentLog } from '../support/builders.js';
import { A_DEPLOYMENT, NO_EVENTS } from '../support/evidence.js';
import { evidenceBucket } from '../support/evidence-bucket.js';

const CURRENT = { v1: ['AWSCURRENT'] };

interface Setup {
  /** The state of the policy's only secret. */
  readonly stages?: Record<string, string[]>;
  readonly state?: Partial<SecretState>;
  readonly suppliedDaysAgo?: number;
  readonly readDaysAgo?: number;
  readonly open?: readonly OpenFinding[];
  readonly memory?: AuditMemory;
  readonly describe?: () => Promise<never>;
}

function audit(setup: Setup = {}) {
  const { stages = CURRENT, suppliedDaysAgo = 10, readDaysAgo, open = [] } = setup;
  const sent: Alert[] = [];
  const listed: string[] = [];
  const remembered: AuditMemory[] = [];
  const recorded: AuditGauges[] = [];
  const handler = createNightlyAuditHandler({
    policy: anOperatorPolicy((document) => {
      document.workspaces = document.workspaces.slice(0, 1);
      document.callers = [];
    }),
    keySource: undefined,
    organization: undefined,
    events: { send: async () => {} },
    secrets: {
      read: async () => undefined,
      describe:
        setup.describe ??
        (async (name) => ({
          ...aSecret(stages),
          name,
          rotationEnabled: false,
          createdAt: daysAgo(200),
          lastAccessedAt: readDaysAgo === undefined ? undefined : daysAgo(readDaysAgo),
          ...setup.state,
        })),
    },
    managedSecrets: { readers: async () => [], createdAt: async () => daysAgo(suppliedDaysAgo) },
    retirements: { async *running() {} },
    evidence: evidenceBucket().store,
    keyEvents: NO_EVENTS,
    deployment: A_DEPLOYMENT,
    record: (gauges) => void recorded.push(gauges),
    listModels: async (name) => {
      listed.push(name);
      return { kind: 'accepted', models: [] };
    },
    findingStore: {
      open: async () => open,
      apply: async () => {},
      memory: async () => setup.memory ?? { resolutions: {}, probes: {} },
      remember: async (after) => void remembered.push(after),
    },
    alerts: { publish: async (alert) => void sent.push(alert) },
    log: silentLog,
    now: () => NOW,
  });
  return { sent, listed, remembered, recorded, result: handler() };
}

async function found(setup: Setup) {
  const { findings } = await audit(setup).result;
  return findings.filter(({ type }) => type !== 'model-drift');
}
const typesOf = async (setup: Setup) => (await found(setup)).map(({ type }) => type);

test('finds nothing wrong with a key that was supplied and is read', async () => {
  expect(await found({ readDaysAgo: 0 })).toEqual([]);
});

test('counts the secrets that hold a verified key', async () => {
  expect(await audit({ readDaysAgo: 0 }).result).toMatchObject({ keys: 1, problems: [] });
  const first = { 'v1-first': ['AWSCURRENT', 'AWSPENDING'] };
  expect(await audit({ stages: first }).result).toMatchObject({ keys: 0 });
});

test('requests the next key on the day that it is due, by its own alert and no digest', async () => {
  expect(await typesOf({ suppliedDaysAgo: 89, readDaysAgo: 0 })).toEqual([]);
  const { sent, result } = audit({ suppliedDaysAgo: 90, readDaysAgo: 40 });
  const { findings } = await result;
  expect(findings.find(({ type }) => type === 'key-needed')).toMatchObject({
    severity: 'warning',
    subject: DEV,
    since: dayAgo(0),
    nextCommand: 'npx --no -- mistral-governance keys supply dev-workspace/dev-team-key',
  });
  expect(sent.map(({ type }) => type)).toEqual(['key-needed', 'audit-digest']);
  expect(sent[0]?.facts.deadline).toContain(dayAgo(-21));
  expect(sent[1]?.description).not.toContain('key-needed');
});

test('is critical near the expiry that the operator stated, where one was stated', async () => {
  const stages = { [`v1-expires-${dayAgo(-5)}`]: ['AWSCURRENT'] };
  const [need] = await found({ stages, suppliedDaysAgo: 90, readDaysAgo: 0 });
  expect(need).toMatchObject({ type: 'key-needed', severity: 'critical' });
  expect(need?.evidence.deadline).toContain(
    `${dayAgo(-5)}, when the current key expires as stated`,
  );
  const later = { [`v1-expires-${dayAgo(-300)}`]: ['AWSCURRENT'] };
  const calm = await found({ stages: later, suppliedDaysAgo: 97, readDaysAgo: 0 });
  expect(calm).toMatchObject([{ type: 'over-age' }, { type: 'key-needed', severity: 'warning' }]);
});

test('is critical once the current key is about to expire', async () => {
  const [need] = await found({ suppliedDaysAgo: 97, readDaysAgo: 0 });
  expect(need).toMatchObject({ type: 'key-needed', severity: 'critical', since: dayAgo(7) });
  expect(need?.evidence.why).toContain('expiring on');
});

const keyNeeded = anOpenFinding({
  id: `key-needed#${DEV_ID}#${DEV}`,
  type: 'key-needed',
  subject: DEV,
  evidence: { secret: DEV },
});

test('reminds of a key that was requested a week ago, and not earlier', async () => {
  const types = async (lastNotifiedOn: string) => {
    const open = [{ ...keyNeeded, openedOn: lastNotifiedOn, lastNotifiedOn }];
    const { result, sent } = audit({ suppliedDaysAgo: 92, readDaysAgo: 0, open });
    await result;
    return sent.map(({ type }) => type).filter((type) => type === 'key-needed');
  };
  expect(await types(dayAgo(6))).toEqual([]);
  expect(await types(dayAgo(7))).toEqual(['key-needed']);
});

test('a requested key is resolved once it is supplied, without another alert', async () => {
  const run = audit({ suppliedDaysAgo: 1, open: [keyNeeded] });
  expect(await run.result).toMatchObject({ resolved: 1 });
  expect(run.sent).toEqual([]);
});

test.each<[string, Setup, string]>([
  ['old', { suppliedDaysAgo: 91, readDaysAgo: 0 }, 'over-age'],
  ['not read for thirty days', { suppliedDaysAgo: 50, readDaysAgo: 30 }, 'stale'],
  ['read by our own check alone', { suppliedDaysAgo: 30, readDaysAgo: 30 }, 'never-used'],
  ['never read at all', { suppliedDaysAgo: 30 }, 'never-used'],
  ['never supplied', { stages: {} }, 'key-needed'],
  [
    'supplied two days ago and not verified',
    { stages: { ...CURRENT, v2: ['AWSPENDING'] }, suppliedDaysAgo: 2, readDaysAgo: 0 },
    'rotation-failed',
  ],
  [
    'to be rotated by a schedule',
    { state: { rotationEnabled: true }, readDaysAgo: 0 },
    'policy-drift',
  ],
])('finds a key that is %s', async (_name, setup, type) => {
  expect(await typesOf(setup)).toContain(type);
});

test('says of a stale secret that its reads are known, not the uses of its key', async () => {
  const [stale] = await found({ suppliedDaysAgo: 50, readDaysAgo: 30 });
  expect(stale?.evidence.note).toContain('uses of the key are not known');
});

test('neither reports nor resolves what only the Admin API knows', async () => {
  const open = (['unmanaged', 'orphaned', 'missing', 'expired', 'no-expiry'] as const).map((type) =>
    anOpenFinding({ id: `${type}#${DEV_ID}#x`, type, subject: 'x' }),
  );
  const organization = anOpenFinding({
    id: 'policy-drift#spend#organization',
    type: 'policy-drift',
    subject: 'organization',
  });
  const unmanaged = anOpenFinding({
    id: `stale#${DEV_ID}#key-id`,
    type: 'stale',
    subject: 'old-notebook',
  });
  const run = audit({ readDaysAgo: 5, open: [...open, organization, unmanaged] });
  expect(await run.result).toMatchObject({ resolved: 0 });
  expect(run.sent).toEqual([]);
});

test('resolves nothing of a secret that could not be read', async () => {
  const describe = async () => {
    throw new Error('denied');
  };
  const { resolved, problems } = await audit({ open: [keyNeeded], describe }).result;
  expect(resolved).toBe(0);
  expect(problems).toEqual([`secret ${DEV} could not be read: denied`]);
});

test('lists models with a key whose service read it since the audit last did, and with no other', async () => {
  const runOf = async (probes: AuditMemory['probes'], readDaysAgo: number) => {
    const run = audit({ memory: { resolutions: {}, probes }, readDaysAgo });
    await run.result;
    return run;
  };
  const fresh = await runOf({}, 0);
  expect(fresh.listed).toEqual([DEV]);
  expect(fresh.remembered[0]?.probes).toEqual({ [DEV]: dayAgo(0) });
  expect((await runOf({ [DEV]: dayAgo(1) }, 1)).listed).toEqual([]);
  expect((await runOf({}, 2)).listed).toEqual([]);
});

test('counts the age of a key from when it was supplied, and no keys at Mistral', async () => {
  const { recorded, result } = audit({ suppliedDaysAgo: 12, readDaysAgo: 0 });
  await result;
  expect(recorded).toEqual([
    expect.objectContaining({
      keysListed: undefined,
      keysManaged: 1,
      keyDays: new Map([['dev-workspace', 12]]),
      retirementDays: [],
    }),
  ]);
});
