import { beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import { judgeRejection } from '../../governance/keys/key-health.js';
import type { ManagedKey } from '../../governance/keys/managed-key.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { RotationDeps } from '../../governance/keys/rotation-step.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import type { ListedKey, MistralModel } from '../../governance/mistral/mistral.js';
import {
  NewKeyRejectedError,
  NewKeyUndecidedError,
  RotationRefusedError,
  SecretValueError,
  UnknownSecretError,
} from '../../governance/platform/errors.js';
import { createKeyRotationHandler } from '../../lambdas/key-rotation/handler.js';
import { aManagedKey, aPolicy, aRetirement, aSecret, silentLog } from '../support/builders.js';

const OLD = 'aaaaaaaa-0000-4000-8000-000000000000';
const NEW = 'bbbbbbbb-0000-4000-8000-000000000000';
const SECRET = 'mistral/dev-workspace/dev-team-key';
const start = new Date('2026-04-01T10:00:00Z');
const MODELS: readonly MistralModel[] = [
  {
    id: 'mistral-small-2603',
    aliases: ['mistral-small-latest'],
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
  },
  {
    id: 'codestral-2508',
    aliases: ['codestral-latest'],
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
  },
];

/** Secrets Manager and Mistral as far as one rotation uses them. */
let stages: Record<string, string[]>;
let values: Map<string, ManagedKey>;
let atMistral: { id: string; name: string; workspaceId: string; expiresOn: string }[];
let did: string[];
let alerts: Alert[];
let counted: string[];
let recorded: Set<string>;
let retirements: Map<string, Retirement>;
let clock: Date;
let health: (key: ManagedKey) => { accepted: boolean; models?: readonly MistralModel[] };
let spendLimitReached: boolean;
let remainingMs: number;

beforeEach(() => {
  stages = { [OLD]: ['AWSCURRENT'], [NEW]: ['AWSPENDING'] };
  values = new Map([[OLD, aManagedKey('old')]]);
  atMistral = [];
  did = [];
  alerts = [];
  counted = [];
  recorded = new Set();
  retirements = new Map();
  clock = start;
  health = () => ({ accepted: true });
  spendLimitReached = false;
  remainingMs = 900_000;
});

function listed(key: (typeof atMistral)[number]): ListedKey {
  return { ...key, workspaceName: undefined, createdAt: undefined, lastUsedOn: undefined };
}

const deps: RotationDeps = {
  policy: aPolicy(),
  secrets: {
    describe: async () => ({ ...aSecret(stages), name: SECRET }),
    read: async (_secret, version) => values.get(version),
    identify: async () => {},
    differInKeyOnly: async () => true,
    putPending: async (_secret, version, key, rotationToken) => {
      did.push(`put ${key.keyId} ${rotationToken}`);
      if (values.has(version)) return 'taken';
      values.set(version, key);
      return 'stored';
    },
    moveCurrent: async (_secret, from, to) => {
      if (from && !stages[from]?.includes('AWSCURRENT')) return 'moved on';
      did.push(`AWSCURRENT ${from} -> ${to}`);
      stages = { ...(from && { [from]: ['AWSPREVIOUS'] }), [to]: ['AWSCURRENT', 'AWSPENDING'] };
      return 'moved';
    },
    clearPending: async (_secret, version) => {
      did.push(`clear ${version}`);
      stages[version] = (stages[version] ?? []).filter((stage) => stage !== 'AWSPENDING');
    },
  },
  keySource: {
    async *list(name = '') {
      yield* atMistral.filter((key) => key.name.includes(name)).map(listed);
    },
    create: async ({ name, workspaceId, expiresOn }) => {
      const id = `key-${atMistral.length + 1}`;
      did.push(`create ${name} until ${expiresOn}`);
      atMistral.push({ id, name, workspaceId, expiresOn });
      return { id, apiKey: new ApiKey(`plaintext-of-${id}`), createdAt: clock, expiresOn };
    },
    delete: async (id) => {
      did.push(`delete ${id}`);
      atMistral = atMistral.filter((key) => key.id !== id);
      return 'deleted';
    },
  },
  inspector: {
    find: async (id) => atMistral.filter((key) => key.id === id).map(listed)[0],
    inspect: async (key, _version, now) => {
      const { accepted, models = MODELS } = health(key);
      const found = atMistral.find(({ id }) => id === key.keyId);
      if (accepted) return { health: { kind: 'works' }, models };
      const facts = { now, createdAt: key.createdAt, listed: found, spendLimitReached };
      return { health: judgeRejection(facts), models: [] };
    },
  },
  retirements: {
    start: async (name, retirement) => {
      if (retirements.has(name)) return 'already started';
      retirements.set(name, retirement);
      return 'started';
    },
  },
  alerts: { publish: async (alert) => void alerts.push(alert) },
  journal: {
    record: async () => {},
    recordOnce: async (_, { threadId }) =>
      !recorded.has(threadId) && recorded.add(threadId).has(threadId),
  },
  counts: { count: (outcome) => void counted.push(outcome) },
  log: silentLog,
  now: () => clock,
  sleep: async (milliseconds) => {
    clock = new Date(clock.getTime() + milliseconds);
    remainingMs -= milliseconds;
  },
};

function run(Step: string, token = NEW): Promise<void> {
  const event = { Step, SecretId: SECRET, ClientRequestToken: token, RotationToken: 'rt' };
  return createKeyRotationHandler(deps)(event, { getRemainingTimeInMillis: () => remainingMs });
}

describe('createSecret', () => {
  test('creates a key named after the rotation and stores it as pending', async () => {
    await run('createSecret');
    expect(did).toEqual(['create dev-team-key-20260401-bbbbbbbb until 2026-07-21', 'put key-1 rt']);
    expect(values.get(NEW)).toMatchObject({
      keyId: 'key-1',
      workspace: 'dev-workspace',
      workspaceId: '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01',
      expiresAt: '2026-07-21',
    });
  });

  test('repeated, creates no second key', async () => {
    await run('createSecret');
    await run('createSecret');
    expect(atMistral).toHaveLength(1);
    expect(values.get(NEW)?.keyId).toBe('key-1');
  });

  test('a key whose plaintext was lost is created again and deleted, also over midnight', async () => {
    await run('createSecret');
    values.delete(NEW);
    clock = new Date('2026-04-02T00:10:00Z');
    await run('createSecret');
    expect(atMistral.map(({ id }) => id)).toEqual(['key-2']);
    expect(values.get(NEW)?.keyId).toBe('key-2');
  });

  test('leaves the keys of other rotations, workspaces and users alone', async () => {
    const workspaceId = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
    const expiresOn = '2026-12-31';
    atMistral = [
      { id: 'other-rotation', name: 'dev-team-key-20260101-aaaaaaaa', workspaceId, expiresOn },
      { id: 'other-key', name: 'my-dev-team-key-20260401-bbbbbbbb', workspaceId, expiresOn },
      { id: 'a-user', name: 'bbbbbbbb', workspaceId, expiresOn },
      { id: 'elsewhere', name: 'dev-team-key-20260401-bbbbbbbb', workspaceId: 'w9', expiresOn },
    ];
    await run('createSecret');
    expect(did.filter((action) => action.startsWith('delete'))).toEqual([]);
  });

  test('of two concurrent attempts, the second one withdraws its own key', async () => {
    const winner = aManagedKey('winner');
    const create = deps.keySource.create;
    const raced: RotationDeps = {
      ...deps,
      keySource: {
        ...deps.keySource,
        create: async (key) => {
          const created = await create(key);
          values.set(NEW, winner);
          return created;
        },
      },
    };
    const event = { Step: 'createSecret', SecretId: SECRET, ClientRequestToken: NEW };
    await createKeyRotationHandler(raced)(event, { getRemainingTimeInMillis: () => remainingMs });
    expect(atMistral).toEqual([]);
    expect(values.get(NEW)).toBe(winner);
  });
});

describe('testSecret', () => {
  beforeEach(async () => {
    await run('createSecret');
    did = [];
  });

  test('accepts a key with access to the models of the policy', async () => {
    await run('testSecret');
    expect(did).toEqual([]);
  });

  test('waits for a young key', async () => {
    health = () => ({ accepted: clock.getTime() >= start.getTime() + 300_000 });
    await run('testSecret');
    expect(clock.getTime() - start.getTime()).toBeGreaterThanOrEqual(300_000);
  });

  test('withdraws a key that never becomes valid, with an alert', async () => {
    health = () => ({ accepted: false });
    await expect(run('testSecret')).rejects.toThrow(NewKeyRejectedError);
    expect(did).toEqual([`clear ${NEW}`, 'delete key-1']);
    expect(alerts.map(({ type }) => type)).toEqual(['rotation-failed']);
  });

  test('withdraws a key without access to a model of the policy', async () => {
    health = () => ({ accepted: true, models: MODELS.slice(0, 1) });
    await expect(run('testSecret')).rejects.toThrow(/codestral-latest/);
    expect(did).toEqual([`clear ${NEW}`, 'delete key-1']);
    expect(counted).toEqual(['withdrawn']);
  });

  test('an alert that cannot be sent does not hide the failure', async () => {
    health = () => ({ accepted: false });
    const event = { Step: 'testSecret', SecretId: SECRET, ClientRequestToken: NEW };
    const mute = { ...deps, alerts: { publish: () => Promise.reject(new Error('no topic')) } };
    await expect(
      createKeyRotationHandler(mute)(event, { getRemainingTimeInMillis: () => remainingMs }),
    ).rejects.toThrow(NewKeyRejectedError);
  });

  test('fails without deleting a key that is rejected because a limit is reached', async () => {
    health = () => ({ accepted: false });
    spendLimitReached = true;
    await expect(run('testSecret')).rejects.toThrow(NewKeyUndecidedError);
    expect(did).toEqual([]);
  });

  test('fails without deleting a young key when its own time is up', async () => {
    health = () => ({ accepted: false });
    remainingMs = 120_000;
    await expect(run('testSecret')).rejects.toThrow(NewKeyUndecidedError);
    expect(did).toEqual([]);
    expect(remainingMs).toBeGreaterThanOrEqual(60_000);
  });

  test('lets Secrets Manager try the configuration of a secret that holds no key', async () => {
    values.clear();
    health = () => ({ accepted: false });
    await run('testSecret');
    expect(did).toEqual([]);
  });

  test('lets Secrets Manager try the configuration with the current key', async () => {
    values.set(NEW, aManagedKey('old'));
    health = () => ({ accepted: false });
    await run('testSecret');
    expect(did).toEqual([]);
  });

  test.each(['testSecret', 'finishSecret'])(
    'a foreign value does not stop %s from replacing it',
    async (Step) => {
      const { read } = deps.secrets;
      const overwritten: RotationDeps = {
        ...deps,
        secrets: {
          ...deps.secrets,
          read: async (secret, version) => {
            if (version === OLD) throw new SecretValueError('secret does not hold a managed key');
            return read(secret, version);
          },
        },
      };
      const event = { Step, SecretId: SECRET, ClientRequestToken: NEW };
      await createKeyRotationHandler(overwritten)(event, {
        getRemainingTimeInMillis: () => remainingMs,
      });
      expect(atMistral).toHaveLength(1);
      expect(retirements.size).toBe(0);
    },
  );
});

describe('finishSecret', () => {
  beforeEach(async () => {
    await run('createSecret');
    did = [];
  });

  test('promotes the new key, retires the previous one and sends an alert', async () => {
    await run('finishSecret');
    expect(did).toEqual([`AWSCURRENT ${OLD} -> ${NEW}`, `clear ${NEW}`]);
    expect(stages).toEqual({ [OLD]: ['AWSPREVIOUS'], [NEW]: ['AWSCURRENT'] });
    expect(retirements.get(NEW)).toEqual({
      reason: 'replaced',
      secretId: aSecret({}).arn,
      secretName: SECRET,
      workspace: 'dev-workspace',
      oldKeyId: 'old',
      newKeyId: 'key-1',
      oldVersionId: OLD,
      newVersionId: NEW,
      promotedAt: '2026-04-01T10:00:00.000Z',
      checkAt: '2026-04-03T01:00:00.000Z',
      rules: { quietDays: 1, maxDrainDays: 7, onDrainTimeout: 'hold' },
    });
    expect(alerts.map(({ type }) => type)).toEqual(['rotation-succeeded']);
    expect(counted).toEqual(['replaced']);
  });

  test('repeated after the label moved, starts the retirement that was not started', async () => {
    await run('finishSecret');
    retirements.clear();
    alerts = [];
    await run('finishSecret');
    expect([...retirements.values()]).toMatchObject([{ oldKeyId: 'old', oldVersionId: OLD }]);
    expect(alerts).toHaveLength(1);
  });

  test('repeated after everything, does nothing more', async () => {
    await run('finishSecret');
    await run('finishSecret');
    expect(did).toHaveLength(2);
    expect(alerts).toHaveLength(1);
    expect(counted).toHaveLength(1);
  });

  test.each([
    [
      'the alert',
      { alerts: { publish: () => Promise.reject(new Error('down')) } },
      'alert not sent',
    ],
    [
      'the history',
      { journal: { ...deps.journal, record: () => Promise.reject(new Error('down')) } },
      'history not written',
    ],
  ])('finishes although %s cannot be written, and logs it', async (_name, broken, message) => {
    const errors: string[] = [];
    const log = { ...silentLog, error: (text: string) => void errors.push(text) };
    const event = { Step: 'finishSecret', SecretId: SECRET, ClientRequestToken: NEW };
    await createKeyRotationHandler({ ...deps, ...broken, log })(event, {
      getRemainingTimeInMillis: () => remainingMs,
    });
    expect(errors).toEqual([message]);
    expect(retirements.size).toBe(1);
  });

  test('a first key retires no other', async () => {
    stages = { [NEW]: ['AWSPENDING'] };
    values.delete(OLD);
    await run('finishSecret');
    expect(did).toEqual([`AWSCURRENT undefined -> ${NEW}`, `clear ${NEW}`]);
    expect(retirements.size).toBe(0);
    expect(alerts).toHaveLength(1);
    expect(counted).toEqual(['provisioned']);
  });

  test('an attempt after a crash announces what the crash has left out', async () => {
    stages = { [OLD]: ['AWSPREVIOUS'], [NEW]: ['AWSCURRENT', 'AWSPENDING'] };
    const retirement = { ...aRetirement(), newVersionId: NEW };
    retirements.set(NEW, retirement); // it was started, and then the process ended
    await run('finishSecret');
    expect(retirements.get(NEW)).toBe(retirement);
    expect(alerts.map(({ type }) => type)).toEqual(['rotation-succeeded']);
    expect(did).toEqual([`clear ${NEW}`]);
  });

  test('fails when AWSCURRENT was moved meanwhile, and retires nothing', async () => {
    const describeSecret = deps.secrets.describe;
    const stale: SecretState = await describeSecret(SECRET);
    stages = { other: ['AWSCURRENT'], [NEW]: ['AWSPENDING'] };
    const late = { ...deps, secrets: { ...deps.secrets, describe: async () => stale } };
    const event = { Step: 'finishSecret', SecretId: SECRET, ClientRequestToken: NEW };
    await expect(
      createKeyRotationHandler(late)(event, { getRemainingTimeInMillis: () => remainingMs }),
    ).rejects.toThrow(/was moved while version/);
    expect(retirements.size).toBe(0);
  });

  test('fails on a version that holds no key', async () => {
    values.delete(NEW);
    await expect(run('finishSecret')).rejects.toThrow(/createSecret must come first/);
  });
});

describe("a secret's first key that Secrets Manager made current by itself", () => {
  beforeEach(async () => {
    stages = { [NEW]: ['AWSPENDING'] };
    values.delete(OLD);
    await run('createSecret');
    stages = { [NEW]: ['AWSPENDING', 'AWSCURRENT'] };
    did = [];
  });

  test('is tested, counted and announced once, however often steps are repeated', async () => {
    health = () => ({ accepted: clock.getTime() >= start.getTime() + 300_000 });
    for (const step of ['createSecret', 'testSecret', 'finishSecret', 'finishSecret']) {
      await run(step);
    }
    expect(clock.getTime() - start.getTime()).toBeGreaterThanOrEqual(300_000);
    expect(atMistral).toHaveLength(1);
    expect(did).toEqual([`clear ${NEW}`]);
    expect(alerts.map(({ title }) => title)).toEqual([`First key of ${SECRET} is current`]);
    expect(counted).toEqual(['provisioned']);
    expect(retirements.size).toBe(0);
  });

  test.each([
    ['that never works', { accepted: false }, 'the key was still listed'],
    [
      'without access to a model of the policy',
      { accepted: true, models: MODELS.slice(0, 1) },
      'it has no access to model codestral-latest',
    ],
  ])(
    'one %s is not deleted while services read it: an alert, and tested again',
    async (_, said, why) => {
      health = () => said;
      await expect(run('testSecret')).rejects.toThrow(NewKeyRejectedError);
      expect(did).toEqual([]);
      expect(atMistral).toHaveLength(1);
      expect(alerts).toMatchObject([
        {
          type: 'rotation-failed',
          severity: 'critical',
          title: `First key of ${SECRET} does not work`,
        },
      ]);
      expect(alerts[0]?.facts.reason).toContain(why);
      expect(counted).toEqual([]);

      // Secrets Manager's retries of the same version.
      for (let retry = 0; retry < 4; retry += 1) {
        await expect(run('testSecret')).rejects.toThrow(NewKeyRejectedError);
      }
      expect(alerts).toHaveLength(1);

      health = () => ({ accepted: true });
      await run('testSecret');
      await run('finishSecret');
      expect(alerts.map(({ type }) => type)).toEqual(['rotation-failed', 'rotation-succeeded']);
    },
  );

  test('one that is not decided in time is tested again, without an alert', async () => {
    health = () => ({ accepted: false });
    spendLimitReached = true;
    await expect(run('testSecret')).rejects.toThrow(NewKeyUndecidedError);
    expect(alerts).toEqual([]);
    expect(stages).toEqual({ [NEW]: ['AWSPENDING', 'AWSCURRENT'] });
  });
});

describe('every step', () => {
  test('fails for a version that is neither pending nor current', async () => {
    stages = { [OLD]: ['AWSCURRENT'] };
    await expect(run('createSecret')).rejects.toThrow(RotationRefusedError);
    expect(did).toEqual([]);
  });

  test('does nothing for a version that is current already', async () => {
    await run('createSecret', OLD);
    await run('testSecret', OLD);
    expect(did).toEqual([]);
  });

  test('fails for a secret that the policy does not name', async () => {
    const describe = async () => ({ ...aSecret(stages), name: 'mistral/dev-workspace/gone' });
    const handler = createKeyRotationHandler({ ...deps, secrets: { ...deps.secrets, describe } });
    const event = { Step: 'createSecret', SecretId: 'gone', ClientRequestToken: NEW };
    await expect(handler(event, { getRemainingTimeInMillis: () => 1 })).rejects.toThrow(
      UnknownSecretError,
    );
  });

  test.each([
    ['no object', 'createSecret', /object/],
    ['no step', { SecretId: SECRET, ClientRequestToken: NEW }, /Step/],
    [
      'an unknown step',
      { Step: 'deleteSecret', SecretId: SECRET, ClientRequestToken: NEW },
      /Step/,
    ],
    ['no token', { Step: 'createSecret', SecretId: SECRET }, /ClientRequestToken/],
  ])('fails on an event with %s', async (_name, event, message) => {
    const handler = createKeyRotationHandler(deps);
    await expect(handler(event, { getRemainingTimeInMillis: () => 1 })).rejects.toThrow(message);
  });
});
