import { describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { AuditGauges } from '../../governance/audit/audit-metrics.js';
import type { AuditMemory, FindingStore } from '../../governance/audit/finding-store.aws.js';
import type { OpenFinding } from '../../governance/audit/reconcile-findings.js';
import type { EvidenceFile } from '../../governance/audit/report/evidence-files.js';
import type { ListedKey, MistralWorkspace } from '../../governance/mistral/mistral.js';
import type { SpendLimit } from '../../governance/mistral/mistral-limits.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import {
  createNightlyAuditHandler,
  type NightlyAuditDeps,
} from '../../lambdas/nightly-audit/handler.js';
import {
  aListedKey,
  aManagedSecret,
  anOpenFinding,
  CURRENT,
  DEV,
  DEV_ID,
  dayAgo,
  daysAgo,
  NOW,
  PENDING,
  PREVIOUS,
} from '../support/audit-builders.js';
import { aManagedKey, aPolicy, aRetirement, silentLog } from '../support/builders.js';
import { A_DEPLOYMENT, NO_EVENTS } from '../support/evidence.js';
import { evidenceBucket } from '../support/evidence-bucket.js';
import { aReport } from '../support/usage-reports.js';

const policy = aPolicy((document) => {
  document.gateway = { enabled: false };
});
const REPORT =
  /^s3:\/\/evidence-bucket\/evidence\/2026\/06\/2026-06-30\/\d{6}-[0-9a-f]{8}\/report\.html$/;
const workspaces = policy.workspaces.map(({ id, name }) => ({ id, name }));

/** The current key of every planned secret, none of them wrong or in use. */
const managedKeys: ListedKey[] = plannedKeys(policy).map(({ key, workspace }) =>
  aListedKey({
    id: `of-${key.name}`,
    name: `${key.name}-20260620-aaaaaaaa`,
    workspaceId: workspace.id,
    workspaceName: workspace.name,
    lastUsedOn: dayAgo(5),
  }),
);
const models = {
  kind: 'accepted' as const,
  models: [
    ['mistral-small-2603', 'mistral-small-latest'],
    ['mistral-large-2512', 'mistral-large-latest'],
    ['codestral-2508', 'codestral-latest'],
    ['mistral-embed-2312', 'mistral-embed'],
  ].map(([id = '', alias = '']) => ({
    id,
    aliases: [alias],
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
  })),
};

const spendLimit: SpendLimit = {
  reached: false,
  usage: 120,
  totalUsage: 120,
  limit: 5000,
  currency: 'USD',
  lastPaymentFailed: false,
};

async function* each<Item>(items: readonly Item[], failure?: Error): AsyncGenerator<Item> {
  yield* items;
  if (failure) throw failure;
}

const readNothing = async () => undefined;

interface World {
  readonly keys?: readonly ListedKey[];
  readonly open?: readonly OpenFinding[];
  readonly memory?: AuditMemory;
  readonly deps?: Partial<NightlyAuditDeps>;
}

function audit({ keys = managedKeys, open = [], memory, deps = {} }: World) {
  const sent: Alert[] = [];
  const did: string[] = [];
  const stored: Parameters<FindingStore['apply']>[0][] = [];
  const remembered: AuditMemory[] = [];
  const kept: EvidenceFile[] = [];
  const bucket = evidenceBucket();
  const logged: string[] = [];
  const measured: AuditGauges[] = [];
  const handler = createNightlyAuditHandler({
    policy,
    keySource: { list: () => each(keys) },
    organization: {
      memberNames: async () => new Map(),
      workspaces: () => each<MistralWorkspace>(workspaces),
      requestsPerSecond: async () => 10,
      spendLimit: async () => spendLimit,
      usage: async () => aReport([], {}),
    },
    secrets: { describe: async (name) => aManagedSecret(name), read: readNothing },
    managedSecrets: { readers: async () => [], createdAt: async () => undefined },
    retirements: { running: () => each([]) },
    events: { send: async () => {} },
    listModels: async () => models,
    keyEvents: NO_EVENTS,
    deployment: A_DEPLOYMENT,
    findingStore: {
      open: async () => open,
      apply: async (changes) => {
        if (Object.values(changes).some(({ length }) => length > 0)) did.push('stored');
        stored.push(changes);
      },
      memory: async () => memory ?? { resolutions: {}, probes: {} },
      remember: async (after) => void remembered.push(after),
    },
    evidence: {
      ...bucket.store,
      put: async (file) => {
        kept.push(file);
        return bucket.store.put(file);
      },
    },
    alerts: {
      publish: async (alert) => {
        did.push('sent');
        sent.push(alert);
      },
    },
    record: (gauges) => void measured.push(gauges),
    log: { ...silentLog, error: (message) => void logged.push(message) },
    now: () => NOW,
    ...deps,
  });
  return { result: handler(), sent, did, stored, remembered, kept, logged, measured };
}

const unmanaged = anOpenFinding({ id: `unmanaged#${DEV_ID}#gone`, type: 'unmanaged' });

test('an audit that finds nothing sends nothing', async () => {
  const { result, did } = audit({});
  expect(await result).toEqual({
    keys: 4,
    findings: [],
    countedTogether: [],
    opened: 0,
    accepted: 0,
    reminded: 0,
    resolved: 0,
    models: 'no key in use to ask with',
    evidence: expect.stringMatching(REPORT),
    manifest: { number: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    problems: [],
  });
  expect(did).toEqual([]);
});

test('all that changed is sent as one digest, and stored after that', async () => {
  const old = anOpenFinding({ id: `unmanaged#${DEV_ID}#k1`, type: 'unmanaged' }, dayAgo(7));
  const { result, sent, did, stored } = audit({
    keys: [...managedKeys, aListedKey(), aListedKey({ id: 'k2' })],
    open: [old, unmanaged],
  });

  expect(await result).toMatchObject({ keys: 6, opened: 1, reminded: 1, resolved: 1 });
  expect(sent.map(({ type, title, at }) => ({ type, title, at }))).toEqual([
    {
      type: 'audit-digest',
      title: '1 new unmanaged Mistral key in dev-workspace; 2 findings open',
      at: NOW,
    },
  ]);
  expect(sent[0]?.sections?.map(({ heading }) => heading)).toEqual([
    'New',
    'Still open',
    'Resolved',
  ]);
  expect(did).toEqual(['sent', 'stored']);
  expect(stored).toMatchObject([
    { notified: [{ lastNotifiedOn: dayAgo(0) }], resolved: [unmanaged] },
  ]);
});

test('what could not be sent is not stored, so that the next audit sends it', async () => {
  const publish = () => Promise.reject(new Error('no topic'));
  const { result, did } = audit({
    keys: [...managedKeys, aListedKey()],
    deps: { alerts: { publish } },
  });
  await expect(result).rejects.toThrow('no topic');
  expect(did).toEqual([]);
});

test('the most severe findings come first', async () => {
  const { result } = audit({
    keys: [aListedKey({ expiresOn: undefined }), ...managedKeys.slice(1)],
  });
  const severities = (await result).findings.map(({ severity }) => severity);
  expect(severities).toEqual(['critical', 'warning', 'info']);
});

describe('an audit whose list of keys breaks off', () => {
  const keySource = {
    list: () => each([aListedKey()], new Error('Mistral answers 503')),
  };

  test('reports what it found, resolves and misses nothing, and fails', async () => {
    const { result, sent, stored } = audit({ open: [unmanaged], deps: { keySource } });
    await expect(result).rejects.toThrow('Mistral answers 503');
    expect(sent.map(({ title }) => title)).toEqual([
      '1 new unmanaged Mistral key in dev-workspace; 2 findings open; audit incomplete',
    ]);
    expect(sent[0]?.facts).toMatchObject({
      'not checked 1':
        'keys at Mistral could only be listed in part (1 listed): Mistral answers 503',
    });
    expect(stored[0]).toMatchObject({ opened: [{ finding: { type: 'unmanaged' } }], resolved: [] });
  });

  test('resolves what needs no list of keys', async () => {
    const overdue = anOpenFinding({
      id: `rotation-overdue#${DEV_ID}#${DEV}`,
      type: 'rotation-overdue',
    });
    const { result, stored } = audit({ open: [overdue], deps: { keySource } });
    await expect(result).rejects.toThrow();
    expect(stored[0]?.resolved).toEqual([overdue]);
  });
});

test('a secret that is being deleted is a problem, with the command that restores it', async () => {
  const { result } = audit({
    deps: {
      secrets: {
        describe: async (name) => ({ ...aManagedSecret(name), isBeingDeleted: name === DEV }),
        read: readNothing,
      },
    },
  });
  expect(await result).toMatchObject({
    problems: [
      `secret ${DEV} is being deleted: its readers fail; aws secretsmanager restore-secret --secret-id ${DEV}`,
    ],
  });
});

describe('a secret that cannot be described', () => {
  const describeSecret = async (name: string) => {
    if (name === DEV) throw new Error('denied');
    return aManagedSecret(name);
  };

  test('is a problem, and the rest is audited', async () => {
    const { result } = audit({
      keys: managedKeys.slice(0, 3),
      deps: { secrets: { describe: describeSecret, read: readNothing } },
    });
    expect(await result).toMatchObject({
      findings: [{ type: 'missing', subject: 'mistral/prod-workspace/search-service-key' }],
      problems: [`secret ${DEV} could not be read: denied`],
    });
  });

  test('keeps its findings open', async () => {
    const failed = anOpenFinding({
      id: `rotation-failed#${DEV_ID}#${DEV}`,
      type: 'rotation-failed',
      subject: DEV,
    });
    const { result } = audit({
      open: [failed],
      deps: { secrets: { describe: describeSecret, read: readNothing } },
    });
    expect(await result).toMatchObject({ resolved: 0, findings: [failed.finding] });
  });
});

test('asks since when a rotation is unfinished, for that version only', async () => {
  const asked: string[] = [];
  const stagesByVersion = { [CURRENT]: ['AWSCURRENT'], [PENDING]: ['AWSPENDING'] };
  const { result } = audit({
    deps: {
      secrets: {
        describe: async (name) => aManagedSecret(name, name === DEV ? { stagesByVersion } : {}),
        read: readNothing,
      },
      managedSecrets: {
        readers: async () => [],
        createdAt: async (secret, version) => {
          asked.push(`${secret} ${version}`);
          return daysAgo(2);
        },
      },
    },
  });
  expect(await result).toMatchObject({ findings: [{ type: 'rotation-failed', subject: DEV }] });
  expect(asked).toEqual([`${DEV} ${PENDING}`]);
});

test('a key that a running retirement will revoke is left to it', async () => {
  const old = aListedKey({
    id: 'old',
    name: 'dev-team-key-20260101-cccccccc',
    lastUsedOn: dayAgo(90),
  });
  const keys = [...managedKeys, old];
  const at = daysAgo(1);
  const times = { promotedAt: at.toISOString(), checkAt: at.toISOString() };
  const retirement = aRetirement({ secretId: DEV, oldVersionId: PREVIOUS, ...times });
  const running = () => each([{ ...retirement, startedAt: at }]);
  const secrets = {
    describe: async (name: string) => aManagedSecret(name),
    read: async () => aManagedKey('old'),
  };
  expect(await audit({ keys }).result).toMatchObject({ findings: [{ type: 'orphaned' }] });
  expect(await audit({ keys, deps: { retirements: { running }, secrets } }).result).toMatchObject({
    findings: [],
  });
});

test('retirements that cannot be listed make no key an orphan and resolve none', async () => {
  const old = aListedKey({ id: 'old', name: 'dev-team-key-20260101-cccccccc' });
  const orphan = anOpenFinding({ id: `orphaned#${DEV_ID}#other`, type: 'orphaned' });
  const running = () => each([], new Error('throttled'));
  const { result } = audit({
    keys: [...managedKeys, old],
    open: [orphan],
    deps: { retirements: { running } },
  });
  expect(await result).toMatchObject({
    findings: [orphan.finding],
    opened: 0,
    problems: ['running retirements could not be listed: throttled'],
  });
});

test('a rotation that ends during the audit is not mistaken for a missing key', async () => {
  let reads = 0;
  const describeSecret = async (name: string) => {
    if (name === DEV) reads += 1;
    const stages: Record<string, string[]> =
      reads > 1 ? { [PENDING]: ['AWSCURRENT'] } : { [CURRENT]: ['AWSCURRENT'] };
    return aManagedSecret(name, name === DEV ? { stagesByVersion: stages } : {});
  };
  const { result } = audit({
    keys: managedKeys.slice(1),
    deps: { secrets: { describe: describeSecret, read: readNothing } },
  });
  expect((await result).findings).toEqual([]);
});

describe('the organization', () => {
  test('is compared with the policy', async () => {
    const organization = {
      memberNames: async () => new Map(),
      workspaces: () => each<MistralWorkspace>(workspaces.slice(1)),
      requestsPerSecond: async () => 5,
      spendLimit: async () => ({ ...spendLimit, limit: 2000 }),
      usage: async () => aReport([], {}),
    };
    const { result } = audit({ deps: { organization } });
    expect((await result).findings.map(({ id }) => id)).toEqual([
      'policy-drift#workspace#dev-workspace',
      'policy-drift#spend#organization',
      'policy-drift#rate#prod-workspace',
    ]);
  });

  test('that cannot be asked is a problem and resolves nothing', async () => {
    const open = [
      anOpenFinding({ id: 'policy-drift#workspace#dev-workspace', type: 'policy-drift' }),
      anOpenFinding({ id: 'policy-drift#rate#dev-workspace', type: 'policy-drift' }),
      anOpenFinding({ id: 'policy-drift#spend#organization', type: 'policy-drift' }),
      anOpenFinding({ id: 'price-drift#model#mistral-small-2603', type: 'price-drift' }),
      anOpenFinding({ id: 'unknown-price#model#mistral-huge-2612', type: 'unknown-price' }),
    ];
    const organization = {
      memberNames: async () => new Map(),
      workspaces: () => each<MistralWorkspace>([], new Error('refused')),
      requestsPerSecond: () => Promise.reject(new Error('refused')),
      spendLimit: () => Promise.reject(new Error('refused')),
      usage: () => Promise.reject(new Error('refused')),
    };
    const { result } = audit({ open, deps: { organization } });
    expect(await result).toMatchObject({
      resolved: 0,
      findings: open.map(({ finding }) => finding),
    });
    expect((await result).problems).toHaveLength(4);
  });

  test('whose spend limit is in another currency is not compared', async () => {
    const organization = {
      memberNames: async () => new Map(),
      workspaces: () => each<MistralWorkspace>(workspaces),
      requestsPerSecond: async () => 10,
      spendLimit: async () => ({ ...spendLimit, limit: 1, currency: 'EUR' }),
      usage: async () => ({ ...aReport([], {}), currency: 'EUR' }),
    };
    const { result } = audit({ deps: { organization } });
    expect(await result).toMatchObject({
      findings: [],
      problems: [
        "Mistral's spend limit could not be compared: it is in EUR, the policy's budgets are in USD",
        "Mistral's prices could not be read: they are in EUR, the policy in USD",
      ],
    });
  });
});

describe('models', () => {
  const inUse = managedKeys.map((key, at) => (at === 2 ? { ...key, lastUsedOn: dayAgo(0) } : key));
  const moved = { resolutions: { 'mistral-embed': 'mistral-embed-2301' }, probes: {} };

  test('are listed with the one key that is in use, which is remembered', async () => {
    const asked: string[] = [];
    const listModels = async (name: string) => {
      asked.push(name);
      return models;
    };
    const { result, remembered } = audit({
      keys: inUse,
      memory: moved,
      deps: { listModels },
    });
    expect(await result).toMatchObject({
      models: 'checked',
      findings: [{ id: 'model-drift#moved#mistral-embed' }],
    });
    expect(asked).toEqual(['mistral/prod-workspace/checkout-service-key']);
    expect(remembered).toMatchObject([
      {
        resolutions: { 'mistral-embed': 'mistral-embed-2312' },
        probes: { 'of-checkout-service-key': dayAgo(0) },
      },
    ]);
  });

  test('that could not be listed leave what is open about them', async () => {
    const gone = anOpenFinding({ id: 'model-drift#gone#mistral-embed', type: 'model-drift' });
    const listModels = async () => ({ kind: 'rejected', status: 401 }) as const;
    const { result, remembered } = audit({
      keys: inUse,
      memory: moved,
      open: [gone],
      deps: { listModels },
    });
    expect(await result).toMatchObject({
      models: 'not checked',
      findings: [gone.finding],
      problems: [expect.stringContaining('rejected it with 401')],
    });
    expect(remembered[0]?.resolutions).toEqual(moved.resolutions);
  });

  test('are not listed with a key that no service uses', async () => {
    const listModels = () => Promise.reject(new Error('must not be asked'));
    const { result, remembered } = audit({ deps: { listModels } });
    expect(await result).toMatchObject({ models: 'no key in use to ask with', problems: [] });
    expect(remembered).toEqual([]);
  });
});

describe('evidence', () => {
  const denied = {
    ...evidenceBucket().store,
    put: () => Promise.reject(new Error('S3 did not store it: 403 AccessDenied')),
  };
  const problem =
    'evidence of 2026-06-30 could not be stored: S3 did not store it: 403 AccessDenied';

  test('of every key and finding is stored by each audit, also by one without news', async () => {
    const { result, kept, sent } = audit({});
    expect(await result).toMatchObject({ evidence: expect.stringMatching(REPORT) });
    expect(sent).toEqual([]);
    const [json] = kept.filter(({ path }) => path.endsWith('inventory.json'));
    expect(JSON.parse(json?.body ?? '')).toMatchObject({
      auditedOn: '2026-06-30',
      complete: true,
      managedKeys: 4,
      rows: plannedKeys(policy).map(({ secretName }) => ({ secret: secretName })),
      findings: [],
    });
  });

  test('is linked from the digest, with the command to fetch the report', async () => {
    const { result, sent } = audit({ keys: [...managedKeys, aListedKey()] });
    const { evidence } = await result;
    expect(evidence).toMatch(REPORT);
    expect(sent[0]?.facts).toMatchObject({ report: evidence });
    expect(sent[0]?.nextSteps.at(-1)?.command).toBe(`aws s3 cp ${evidence} .`);
  });

  test('that cannot be stored is a problem in the digest, and keeps no alert back', async () => {
    const { result, sent, did, logged } = audit({
      keys: [...managedKeys, aListedKey()],
      deps: { evidence: denied },
    });
    expect(await result).toMatchObject({ evidence: null, manifest: null, problems: [problem] });
    expect(sent.map(({ title, facts }) => [title, facts['not checked 1'], facts.report])).toEqual([
      ['1 new unmanaged Mistral key in dev-workspace; 1 finding open', problem, undefined],
    ]);
    expect(did).toEqual(['sent', 'stored']);
    expect(logged).toEqual(['evidence of this audit could not be stored']);
  });

  test('that cannot be stored is news by itself', async () => {
    const { result, sent } = audit({ deps: { evidence: denied } });
    await result;
    expect(sent).toMatchObject([
      {
        title: 'Key audit report could not be stored; 0 findings open',
        severity: 'warning',
        nextSteps: [],
      },
    ]);
  });

  test('of an incomplete audit says so', async () => {
    const keySource = { list: () => each([aListedKey()], new Error('Mistral answers 503')) };
    const { result, kept } = audit({ deps: { keySource } });
    await expect(result).rejects.toThrow('Mistral answers 503');
    const [json] = kept.filter(({ path }) => path.endsWith('inventory.json'));
    expect(JSON.parse(json?.body ?? '')).toMatchObject({
      complete: false,
      rows: [...plannedKeys(policy).map(() => ({ state: 'not listed' })), { keyId: 'k1' }],
      problems: [expect.stringContaining('could only be listed in part')],
    });
  });
});

describe('the audit in numbers', () => {
  test('has the keys, what retires and what holds, sent or not', async () => {
    const { promotedAt } = aRetirement({ promotedAt: daysAgo(3).toISOString() });
    const { result, measured } = audit({
      keys: [...managedKeys, aListedKey({ id: 'unmanaged' })],
      open: [unmanaged],
      deps: {
        retirements: {
          running: () => each([{ ...aRetirement({ promotedAt }), startedAt: daysAgo(3) }]),
        },
        alerts: { publish: () => Promise.reject(new Error('no topic')) },
      },
    });
    await expect(result).rejects.toThrow('no topic');
    expect(measured).toMatchObject([{ keysListed: 5, keysManaged: 4, retirementDays: [3] }]);
    expect(measured[0]?.keyDays.get('dev-workspace')).toBe(10);
    expect(measured[0]?.findings.map(({ type }) => type)).toEqual(['unmanaged']);
  });

  test('leaves out what could not be checked', async () => {
    const { result, measured } = audit({
      deps: {
        keySource: {
          list: async function* () {
            yield* managedKeys.slice(0, 1);
            throw new Error('page 2 is down');
          },
        },
        retirements: {
          running: () => {
            throw new Error('throttled');
          },
        },
      },
    });
    await expect(result).rejects.toThrow('page 2 is down');
    expect(measured).toMatchObject([{ keysListed: undefined, retirementDays: undefined }]);
  });
});

describe('a finding that the policy accepts', () => {
  const untilToday = (until: string) =>
    aPolicy((document) => {
      document.gateway = { enabled: false };
      document.audit = {
        accepted: [{ type: 'unmanaged', subject: 'k1', reason: 'kept for the trial', until }],
      };
    });
  const keys = [...managedKeys, aListedKey()];

  test('is in the report under its reason, and in no digest, count or metric', async () => {
    const deps = { policy: untilToday(dayAgo(0)) };
    const before = anOpenFinding({ id: `unmanaged#${DEV_ID}#k1`, type: 'unmanaged' }, dayAgo(7));
    const { result, sent, stored, kept, measured } = audit({ keys, open: [before], deps });
    expect(await result).toMatchObject({ findings: [], accepted: 1, resolved: 0, reminded: 0 });
    expect(sent).toEqual([]);
    expect(measured[0]?.findings).toEqual([]);
    expect(stored).toEqual([{ opened: [], notified: [], resolved: [before] }]);

    const [json, , csv, page] = kept.map(({ body }) => body);
    expect(JSON.parse(json ?? '')).toMatchObject({
      findings: [],
      accepted: [{ type: 'unmanaged', reason: 'kept for the trial', until: dayAgo(0) }],
    });
    expect(csv).toMatch(
      /^warning,unmanaged,notebook,dev-workspace,accepted,.*,kept for the trial,2026-06-30\r\n/m,
    );
    expect(page).toMatch(/Accepted findings.*kept for the trial/s);
    expect(page).toContain('No findings in what was checked.');
  });

  test('comes back on the day after, with the entry that has ended', async () => {
    const { result, sent } = audit({ keys, deps: { policy: untilToday(dayAgo(1)) } });
    expect(await result).toMatchObject({ opened: 2, accepted: 0 });
    expect(sent.map(({ title }) => title)).toEqual([
      '1 new unmanaged Mistral key in dev-workspace and 1 of another kind; 2 findings open',
    ]);
    const lines = sent.flatMap(({ sections = [] }) =>
      sections.flatMap(({ blocks }) => blocks.flatMap((block) => block.lines)),
    );
    expect(lines).toContain(
      `audit.accepted[0] ended on ${dayAgo(1)}: what it accepted is reported again.`,
    );
  });

  test('that is not there is news once', async () => {
    const deps = { policy: untilToday(dayAgo(0)) };
    const first = audit({ deps });
    expect(await first.result).toMatchObject({ opened: 1 });
    expect(first.sent.map(({ severity, title }) => [severity, title])).toEqual([
      ['info', '1 new policy difference; 1 finding open'],
    ]);
    const second = audit({ open: first.stored[0]?.opened ?? [], deps });
    expect(await second.result).toMatchObject({ opened: 0 });
    expect(second.sent).toEqual([]);
  });
});
