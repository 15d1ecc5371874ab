import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../../governance/alerts/alert.js';
import type { ManagedKey } from '../../governance/keys/managed-key.js';
import { verifiedVersion } from '../../governance/keys/operator/operator-secret.js';
import type { Retirement } from '../../governance/keys/retirement.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import type { MistralModel } from '../../governance/mistral/mistral.js';
import {
  NewKeyUndecidedError,
  OperatorKeyRejectedError,
  OperatorNeededError,
  RotationRefusedError,
  SecretValueError,
} from '../../governance/platform/errors.js';
import { createOperatorRotationHandler } from '../../lambdas/key-rotation/handler.js';
import { aManagedKey, anOperatorPolicy, aSecret, silentLog } from '../support/builders.js';

const SECRET = 'mistral/dev-workspace/dev-team-key';
const now = new Date('2026-04-01T10:00:00Z');
const MODELS = ['mistral-small-latest', 'codestral-latest'].map(
  (id): MistralModel => ({
    id,
    aliases: [],
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
  }),
);

let stages: Record<string, string[]>;
let values: Map<string, ManagedKey>;
let foreign: Map<string, SecretValueError>;
let answer: 200 | 401 | 403;
let models: readonly MistralModel[];
let did: string[];
let alerts: Alert[];
let retirements: Map<string, Retirement>;

beforeEach(() => {
  stages = { v0: ['AWSPREVIOUS'], v1: ['AWSCURRENT'], v2: ['AWSPENDING'] };
  values = new Map([
    ['v0', aManagedKey('before')],
    ['v1', aManagedKey('old')],
    ['v2', aManagedKey('new')],
  ]);
  foreign = new Map();
  answer = 200;
  models = MODELS;
  did = [];
  alerts = [];
  retirements = new Map();
});

const handler = createOperatorRotationHandler({
  policy: anOperatorPolicy(),
  secrets: {
    describe: async () => ({ ...aSecret(stages), name: SECRET, rotationEnabled: false }),
    read: async (_secret, version) => {
      const unreadable = foreign.get(version);
      if (unreadable) throw unreadable;
      return values.get(version);
    },
    identify: async () => {},
    differInKeyOnly: async () => true,
    putPending: async () => {
      throw new Error('only the command line stores keys');
    },
    moveCurrent: async (_secret, from, to) => {
      did.push(`AWSCURRENT ${from} -> ${to}`);
      stages = { ...(from && { [from]: ['AWSPREVIOUS'] }), [to]: ['AWSCURRENT', 'AWSPENDING'] };
      return 'moved';
    },
    clearPending: async (_secret, version) => {
      did.push(`clear ${version}`);
      stages[version] = (stages[version] ?? []).filter((stage) => stage !== 'AWSPENDING');
    },
  },
  prober: {
    probe: async () =>
      answer === 200 ? { kind: 'accepted', models } : { kind: 'rejected', status: answer },
  },
  retirements: {
    start: async (name, retirement) => {
      if (retirements.has(name)) return 'already started';
      retirements.set(name, retirement);
      return 'started';
    },
  },
  alerts: { publish: async (alert) => void alerts.push(alert) },
  journal: { record: async () => {}, recordOnce: async () => true },
  counts: { count() {} },
  log: silentLog,
  now: () => now,
});

const run = (Step: string, ClientRequestToken = 'v2') =>
  handler({ Step, SecretId: SECRET, ClientRequestToken }, { getRemainingTimeInMillis: () => 1e6 });

test('a key that works is promoted, and the previous one handed to its retirement', async () => {
  await run('testSecret');
  expect(did).toEqual([]);
  await run('finishSecret');
  expect(did).toEqual(['AWSCURRENT v1 -> v2', 'clear v2']);
  expect(retirements.get('v2')).toMatchObject({ oldKeyId: 'old', newKeyId: 'new' });
  expect(alerts.map(({ type }) => type)).toEqual(['rotation-succeeded']);
  expect(alerts[0]?.description).toContain('until you delete it');
});

test('a secret without a rotation schedule is accepted, since there can be none', async () => {
  await expect(run('testSecret')).resolves.toBeUndefined();
});

test('finished a second time, nothing is sent or started again', async () => {
  await run('finishSecret');
  await run('finishSecret');
  expect(alerts).toHaveLength(1);
  expect(retirements.size).toBe(1);
});

test('the next attempt finishes what a crash interrupted after the label moved', async () => {
  stages = { v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT', 'AWSPENDING'] };
  await run('finishSecret');
  expect(did).toEqual(['clear v2']);
  expect(retirements.get('v2')).toMatchObject({ oldKeyId: 'old' });
  expect(alerts).toHaveLength(1);
});

test.each([401, 403] as const)(
  'a bare %i leaves the key pending and not current, whichever step is called',
  async (status) => {
    answer = status;
    await expect(run('testSecret')).rejects.toThrow(NewKeyUndecidedError);
    await expect(run('finishSecret')).rejects.toThrow(NewKeyUndecidedError);
    expect(did).toEqual([]);
    expect(stages.v1).toEqual(['AWSCURRENT']);
  },
);

describe('a key that cannot be the next one is no longer pending:', () => {
  afterEach(() => expect(did).toEqual(['clear v2']));

  test('the current key', async () => {
    values.set('v2', aManagedKey('new', { apiKey: new ApiKey('plaintext-of-old') }));
    await expect(run('testSecret')).rejects.toThrow(/the same key as the current one/);
  });

  test('the previous key', async () => {
    values.set('v2', aManagedKey('new', { apiKey: new ApiKey('plaintext-of-before') }));
    await expect(run('testSecret')).rejects.toThrow(/the same key as the previous one/);
  });

  test('a key with the name of the current one', async () => {
    values.set('v2', aManagedKey('old', { apiKey: new ApiKey('another-plaintext') }));
    await expect(run('testSecret')).rejects.toThrow(/only names tell keys apart/);
  });

  test('a key without access to the models of the policy', async () => {
    models = MODELS.slice(1);
    await expect(run('testSecret')).rejects.toThrow(
      /no access to model mistral-small-latest.*another workspace/,
    );
  });

  test('a value that is no key', async () => {
    const why = 'secret s does not hold a managed key: wrong fields are apiKey';
    foreign.set('v2', new SecretValueError(why));
    await expect(run('testSecret')).rejects.toThrow(`cannot be used: ${why}`);
  });

  test('with an error of its own name that quotes no key', async () => {
    values.set('v2', aManagedKey('new', { apiKey: new ApiKey('plaintext-of-old') }));
    const error = await run('finishSecret').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OperatorKeyRejectedError);
    expect(String(error)).not.toContain('plaintext');
  });
});

describe("a secret's first key, which Secrets Manager makes current by itself", () => {
  const FIRST = 'v2-first';

  beforeEach(() => {
    stages = { [FIRST]: ['AWSCURRENT', 'AWSPENDING'] };
    values = new Map([[FIRST, aManagedKey('new')]]);
  });

  test('is verified all the same, with one alert', async () => {
    await run('testSecret', FIRST);
    await run('finishSecret', FIRST);
    await run('finishSecret', FIRST);
    expect(did).toEqual([`clear ${FIRST}`]);
    expect(alerts.map(({ title }) => title)).toEqual([`First key of ${SECRET} is current`]);
    expect(retirements.size).toBe(0);
  });

  test('stays marked as not verified when it cannot be used', async () => {
    models = [];
    await expect(run('finishSecret', FIRST)).rejects.toThrow(OperatorKeyRejectedError);
    expect(stages[FIRST]).toEqual(['AWSCURRENT', 'AWSPENDING']);
    expect(alerts).toEqual([]);
  });

  describe('supplied again after a mistake', () => {
    const AGAIN = 'v3-first-expires-2026-08-01';

    beforeEach(() => {
      stages = { [FIRST]: ['AWSCURRENT'], [AGAIN]: ['AWSPENDING'] };
    });

    test('may be the same key under the same name, and retires nothing', async () => {
      values.set(AGAIN, aManagedKey('new'));
      await run('finishSecret', AGAIN);
      expect(did).toEqual([`AWSCURRENT ${FIRST} -> ${AGAIN}`, `clear ${AGAIN}`]);
      expect(retirements.size).toBe(0);
      expect(alerts.map(({ title }) => title)).toEqual([`First key of ${SECRET} is current`]);
    });

    test('and wrong again, leaves the secret without a verified key', async () => {
      values.set(AGAIN, aManagedKey('wrong'));
      models = [];
      await expect(run('testSecret', AGAIN)).rejects.toThrow(OperatorKeyRejectedError);
      expect(verifiedVersion(aSecret(stages))).toBeUndefined();
    });
  });
});

test('a leaked key is retired at once, and the retirement says why', async () => {
  const event = { Step: 'finishSecret', SecretId: SECRET, ClientRequestToken: 'v2' };
  await handler({ ...event, Compromised: true }, { getRemainingTimeInMillis: () => 1e6 });
  expect(retirements.get('v2')).toMatchObject({ why: 'compromised', checkAt: now.toISOString() });
});

test('no key is created', async () => {
  await expect(run('createSecret')).rejects.toThrow(OperatorNeededError);
});

test('fails for a version that another one has replaced', async () => {
  await expect(run('finishSecret', 'v9')).rejects.toThrow(RotationRefusedError);
});

test('fails for a version without a value', async () => {
  values.delete('v2');
  await expect(run('testSecret')).rejects.toThrow('version v2 of secret');
});
