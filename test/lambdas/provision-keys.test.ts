import { describe, expect, test } from 'vitest';
import type { Retirement } from '../../governance/keys/retirement.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { RegisteredSecret } from '../../governance/keys/secret-register.aws.js';
import { SecretGoneError, SecretValueError } from '../../governance/platform/errors.js';
import {
  createProvisionKeysHandler,
  type ProvisionKeysDeps,
} from '../../lambdas/provision-keys/handler.js';
import { aManagedKey, aPolicy, aSecret, silentLog } from '../support/builders.js';

const now = new Date('2026-04-01T10:00:00Z');
const policy = aPolicy((document) => {
  document.gateway = { enabled: false };
});
const HOLDS_KEY: SecretState['stagesByVersion'] = { v1: ['AWSCURRENT'] };
const HOLDER = 'mistral/dev-workspace/dev-team-key';
const EMPTY = [
  'mistral/ml-workspace/ml-team-key',
  'mistral/prod-workspace/checkout-service-key',
  'mistral/prod-workspace/search-service-key',
];
const REMOVED: RegisteredSecret = {
  secretName: 'mistral/prod-workspace/left-key',
  workspace: 'prod-workspace',
  plannedAt: '2026-03-01T09:00:00.000Z',
};

const described: Pick<ProvisionKeysDeps['secrets'], 'describe'> = {
  describe: async (name) => ({ ...aSecret(HOLDS_KEY), arn: `arn:${name}`, name }),
};

/** An account in which every secret of the policy has a key, except where a test changes it. */
function account(given: {
  labels?: Readonly<Record<string, SecretState['stagesByVersion']>>;
  registered?: readonly RegisteredSecret[];
  deps?: Partial<ProvisionKeysDeps>;
}) {
  const labels = new Map(Object.entries(given.labels ?? {}));
  const register = new Map(given.registered?.map((secret) => [secret.secretName, secret]));
  const flows = new Map<string, Retirement>();
  const asked: string[] = [];
  const pauses: number[] = [];
  const handler = createProvisionKeysHandler({
    policy,
    secrets: {
      describe: async (name) => ({
        ...aSecret(labels.get(name) ?? HOLDS_KEY),
        arn: `arn:${name}`,
        name,
      }),
      read: async (_secret, version) => aManagedKey(`key-of-${version}`),
    },
    rotations: {
      start: async (name) => {
        asked.push(name);
        return 'started';
      },
    },
    register: {
      all: async () => [...register.values()],
      put: async (secret) => void register.set(secret.secretName, secret),
      forget: async (name) => void register.delete(name),
    },
    retirements: {
      start: async (name, retirement) => {
        if (flows.has(name)) return 'already started';
        flows.set(name, retirement);
        return 'started';
      },
    },
    log: silentLog,
    now: () => now,
    sleep: async (milliseconds) => void pauses.push(milliseconds),
    ...given.deps,
  });
  return { asked, pauses, register, flows, handler };
}

const withoutKeys = Object.fromEntries(EMPTY.map((name) => [name, {}]));

describe('first keys', () => {
  test('starts the first rotation of every secret without a key, and of no other', async () => {
    const { asked, handler } = account({ labels: withoutKeys });
    expect(await handler()).toEqual({
      started: EMPTY,
      inProgress: [],
      waiting: [],
      resumed: [],
      retiring: [],
    });
    expect(asked).toEqual(EMPTY);
  });

  test.each([
    ['an empty version that is current holds no key', undefined, [HOLDER]],
    ['a value stored by hand is left alone', new SecretValueError('not a managed key'), []],
  ])('%s', async (_name, error, started) => {
    const read = async (arn: string) => {
      if (arn !== `arn:${HOLDER}`) return aManagedKey('k');
      if (error) throw error;
      return undefined;
    };
    const { handler } = account({ deps: { secrets: { ...described, read } } });
    expect(await handler()).toMatchObject({ started });
  });

  test('a rotation in progress is left to finish, and reported', async () => {
    const rotations = { start: async () => 'in progress' as const };
    const { pauses, handler } = account({ labels: withoutKeys, deps: { rotations } });
    expect(await handler()).toMatchObject({ started: [], inProgress: EMPTY });
    expect(pauses).toHaveLength(9);
  });

  test("Secrets Manager's trial of a new schedule is waited for", async () => {
    const asked: string[] = [];
    const rotations: ProvisionKeysDeps['rotations'] = {
      start: async (name) => (asked.push(name) < 3 ? 'in progress' : 'started'),
    };
    const { pauses, handler } = account({ labels: { [HOLDER]: {} }, deps: { rotations } });
    expect(await handler()).toMatchObject({ started: [HOLDER], inProgress: [] });
    expect(asked).toEqual([HOLDER, HOLDER, HOLDER]);
    expect(pauses).toEqual([10_000, 10_000]);
  });

  test('fails after the last secret when one could not be started', async () => {
    const asked: string[] = [];
    const rotations: ProvisionKeysDeps['rotations'] = {
      start: async (name) => {
        asked.push(name);
        if (name.includes('ml-team')) throw new Error('denied');
        return 'started';
      },
    };
    const { handler } = account({ labels: withoutKeys, deps: { rotations } });
    await expect(handler()).rejects.toThrow(/^first rotation not started \(.*ml-team.*\): denied$/);
    expect(asked).toEqual(EMPTY);
  });
});

describe('many first keys', () => {
  const NAMES = Array.from({ length: 200 }, (_, at) => `key-${at}`);
  const secretOf = (name: string) => `mistral/dev-workspace/${name}`;
  const limited = (rotation: object) =>
    aPolicy((document) => {
      const [workspace] = document.workspaces;
      const keys = NAMES.map((name) => ({ name }));
      document.workspaces = [{ ...workspace, keys }];
      Object.assign(document, { callers: [], gateway: { enabled: false } });
      Object.assign(document.rotation, rotation);
    });

  /** Secrets Manager, whose rotations end after a while; runs of the function each hour. */
  function rotating(rotation: { atOnce: number; perHour: number }, minutes: number) {
    let at = now.getTime();
    let most = 0;
    const begun = new Map<string, number>();
    const stateOf = (name: string): SecretState => {
      const start = begun.get(name);
      const end = start === undefined ? Infinity : start + minutes * 60_000;
      const stages: SecretState['stagesByVersion'] =
        end <= at ? HOLDS_KEY : start === undefined ? {} : { v1: ['AWSPENDING'] };
      return { ...aSecret(stages), name, lastRotatedAt: end <= at ? new Date(end) : undefined };
    };
    const running = () => [...begun.keys()].filter((name) => !stateOf(name).lastRotatedAt).length;
    const { handler } = account({
      deps: {
        policy: limited(rotation),
        secrets: { describe: async (name) => stateOf(name), read: async () => undefined },
        rotations: {
          start: async (name) => {
            if (begun.has(name)) return 'in progress';
            begun.set(name, at);
            most = Math.max(most, running());
            return 'started';
          },
        },
        now: () => new Date(at),
        sleep: async (milliseconds) => {
          at += milliseconds;
        },
      },
    });
    return {
      handler,
      begun,
      most: () => most,
      nextHour: () => {
        at = (Math.floor(at / 3_600_000) + 1) * 3_600_000;
      },
    };
  }

  test.each([
    [{ atOnce: 10, perHour: 30 }, 0.5, 7],
    [{ atOnce: 10, perHour: 30 }, 10, 20],
    [{ atOnce: 100, perHour: 1000 }, 1, 1],
    [{ atOnce: 100, perHour: 7 }, 1, 29],
  ])(
    'with %j and rotations of %f minutes are begun in %i hours',
    async (limits, minutes, hours) => {
      const world = rotating(limits, minutes);
      let runs = 0;
      const perHour: number[] = [];
      for (let waiting = 1; waiting > 0 && runs < 100; runs += 1) {
        const before = world.begun.size;
        const event = runs === 0 ? {} : { run: 'hourly' };
        waiting = (await world.handler(event)).waiting.length;
        perHour.push(world.begun.size - before);
        world.nextHour();
      }
      expect([...world.begun.keys()]).toEqual(NAMES.map(secretOf));
      expect(world.most()).toBeLessThanOrEqual(limits.atOnce);
      expect(Math.max(...perHour)).toBeLessThanOrEqual(limits.perHour);
      expect(runs).toBe(hours);
    },
  );

  test('one that fails is not started again each hour, but by the next deploy', async () => {
    const { asked, handler } = account({ labels: { [HOLDER]: {} } });
    await handler();
    await handler({ run: 'hourly' });
    expect(asked).toEqual([HOLDER]);
    await handler();
    expect(asked).toEqual([HOLDER, HOLDER]);
  });

  test('rotations that are due, or ended within the hour, take their room', async () => {
    const states = new Map<string, SecretState>([
      [secretOf('key-0'), aSecret({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] })],
      [
        secretOf('key-1'),
        { ...aSecret(HOLDS_KEY), lastRotatedAt: new Date(now.getTime() - 60_000) },
      ],
      [
        secretOf('key-2'),
        { ...aSecret(HOLDS_KEY), lastRotatedAt: new Date(now.getTime() - 7_200_000) },
      ],
    ]);
    const { asked, handler } = account({
      deps: {
        policy: limited({ atOnce: 3, perHour: 3 }),
        secrets: {
          describe: async (name) => states.get(name) ?? { ...aSecret({}), name },
          read: async () => aManagedKey('k'),
        },
      },
    });
    const { started, waiting } = await handler();
    expect(started).toEqual([secretOf('key-3')]);
    expect(waiting).toHaveLength(196);
    expect(asked).toEqual(started);
  });
});

describe('held rotations', () => {
  const HELD = { v1: ['AWSCURRENT'], v2: ['AWSPENDING'] };
  const within = (rotation: object) =>
    aPolicy((document) => {
      document.gateway = { enabled: false };
      Object.assign(document.rotation, rotation);
    });
  const WINDOW = { window: { from: '09:00', to: '12:00' } };

  test.each([
    ['in the window', WINDOW, now, [HOLDER]],
    ['out of it', WINDOW, new Date('2026-04-01T13:00:00Z'), []],
    ['once a day out of it', WINDOW, new Date('2026-04-01T00:10:00Z'), [HOLDER]],
    ['without a window', {}, now, []],
    ['in a freeze', { freeze: [{ from: '2026-04-01', to: '2026-04-02', reason: 'x' }] }, now, []],
    [
      'after it',
      { freeze: [{ from: '2026-03-01', to: '2026-03-31', reason: 'x' }] },
      now,
      [HOLDER],
    ],
  ])('are resumed %s', async (_name, rotation, at, resumed) => {
    const { asked, handler } = account({
      labels: { [HOLDER]: HELD },
      deps: { policy: within(rotation), now: () => at },
    });
    expect(await handler({ run: 'hourly' })).toMatchObject({ resumed, started: [] });
    expect(asked).toEqual(resumed);
  });

  test('no first rotation starts in a freeze, and the deploy does not wait for its end', async () => {
    const freeze = [{ from: '2026-04-01', to: '2026-04-02', reason: 'x' }];
    const { asked, pauses, handler } = account({
      labels: withoutKeys,
      deps: { policy: within({ freeze }) },
    });
    expect(await handler()).toMatchObject({ started: [], waiting: EMPTY });
    expect({ asked, pauses }).toEqual({ asked: [], pauses: [] });
  });
});

describe('keys that left the policy', () => {
  test('every secret of the policy is registered again at each deploy', async () => {
    const before = { secretName: HOLDER, workspace: 'dev-workspace', plannedAt: REMOVED.plannedAt };
    const { register, handler } = account({ registered: [before] });
    await handler();
    expect([...register.keys()]).toEqual([HOLDER, ...EMPTY]);
    expect(register.get(HOLDER)).toEqual({ ...before, plannedAt: now.toISOString() });
  });

  test('are handed to the retirement flow, and forgotten', async () => {
    const { register, flows, handler } = account({ registered: [REMOVED] });
    expect(await handler()).toMatchObject({ retiring: [REMOVED.secretName] });
    expect([...flows.values()]).toEqual([
      {
        reason: 'removed',
        secretId: `arn:${REMOVED.secretName}`,
        secretName: REMOVED.secretName,
        workspace: 'prod-workspace',
        oldKeyId: 'key-of-v1',
        oldVersionId: 'v1',
        promotedAt: '2026-04-01T10:00:00.000Z',
        checkAt: '2026-04-03T01:00:00.000Z',
        rules: { quietDays: 1, maxDrainDays: 7, onDrainTimeout: 'hold' },
      },
    ]);
    expect(register.has(REMOVED.secretName)).toBe(false);
  });

  test('go with the key that a rotation was about to promote', async () => {
    const labels = {
      [REMOVED.secretName]: { v1: ['AWSCURRENT'], v0: ['AWSPREVIOUS'], v2: ['AWSPENDING'] },
    };
    const { flows, handler } = account({ labels, registered: [REMOVED] });
    await handler();
    expect([...flows.values()].map(({ oldKeyId }) => oldKeyId)).toEqual(['key-of-v1', 'key-of-v2']);
  });

  test('start one flow each, although the run before crashed in between', async () => {
    const world = account({ registered: [REMOVED] });
    await world.handler();
    world.register.set(REMOVED.secretName, REMOVED);
    await world.handler();
    expect(world.flows.size).toBe(1);
    expect(world.register.has(REMOVED.secretName)).toBe(false);
  });

  test('start another flow when they had come back in between', async () => {
    const world = account({ registered: [REMOVED] });
    await world.handler();
    world.register.set(REMOVED.secretName, { ...REMOVED, plannedAt: '2026-03-05T09:00:00.000Z' });
    await world.handler();
    expect(world.flows.size).toBe(2);
  });

  test('fails and forgets nothing when the flow cannot be started', async () => {
    const retirements = { start: () => Promise.reject(new Error('throttled')) };
    const { register, asked, handler } = account({
      labels: withoutKeys,
      registered: [REMOVED],
      deps: { retirements },
    });
    await expect(handler()).rejects.toThrow(
      `removed key not retired (${REMOVED.secretName}): throttled`,
    );
    expect(register.get(REMOVED.secretName)).toEqual(REMOVED);
    expect(asked).toEqual(EMPTY);
  });

  test('are forgotten when their secret never held one', async () => {
    const labels = { [REMOVED.secretName]: {} };
    const { register, flows, handler } = account({ labels, registered: [REMOVED] });
    expect(await handler()).toMatchObject({ retiring: [] });
    expect(flows.size).toBe(0);
    expect(register.has(REMOVED.secretName)).toBe(false);
  });

  test('stop no deploy when their secret is gone already', async () => {
    const { register, handler } = account({
      registered: [REMOVED],
      deps: {
        secrets: {
          describe: async (name) => {
            if (name === REMOVED.secretName)
              throw new SecretGoneError(`there is no secret ${name}`);
            return aSecret(HOLDS_KEY);
          },
          read: async () => undefined,
        },
      },
    });
    expect(await handler()).toMatchObject({ retiring: [] });
    expect(register.has(REMOVED.secretName)).toBe(false);
  });
});
