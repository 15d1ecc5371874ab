import { beforeEach, describe, expect, test } from 'vitest';
import { createKeyCache, type KeyCache } from '../../../governance/keys/key-cache.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';

const K1 = 'plaintext-of-key-1';
const K2 = 'plaintext-of-key-2';
const START = Date.parse('2026-06-30T12:00:00Z');

let now: number;
let labels: { AWSCURRENT?: string; AWSPREVIOUS?: string };
let isAway: boolean;
let reads: string[];
let keys: KeyCache;

beforeEach(() => {
  now = START;
  labels = { AWSCURRENT: K1 };
  isAway = false;
  reads = [];
  const previous = async () => read('AWSPREVIOUS');
  keys = createKeyCache({ current, previous }, { nowMs: () => now });
});

function read(stage: keyof typeof labels): ApiKey | undefined {
  reads.push(stage);
  if (isAway) throw new Error('Secrets Manager is away');
  const plaintext = labels[stage];
  return plaintext === undefined ? undefined : new ApiKey(plaintext);
}

async function current(): Promise<ApiKey> {
  const key = read('AWSCURRENT');
  if (key) return key;
  throw new Error('no key yet');
}

const currentKey = async () => (await keys.current()).reveal();
const insteadOf = async (...rejected: string[]) =>
  (await keys.instead(rejected.map((key) => new ApiKey(key))))?.reveal();
const pass = (seconds: number) => {
  now += seconds * 1000;
};

test('the secret is read once for all who ask at the same time', async () => {
  const asked = await Promise.all([currentKey(), currentKey(), currentKey()]);

  expect(asked).toEqual([K1, K1, K1]);
  expect(reads).toEqual(['AWSCURRENT']);
});

test('a key in memory is there at once', async () => {
  await keys.current();

  expect(keys.current()).toBeInstanceOf(ApiKey);
});

describe('a key older than five minutes', () => {
  beforeEach(async () => {
    await keys.current();
    labels = { AWSCURRENT: K2, AWSPREVIOUS: K1 };
  });

  test('is not read before that', async () => {
    pass(299);
    expect(await currentKey()).toBe(K1);
    expect(reads).toHaveLength(1);
  });

  test('serves the request that finds it so, and is read again in the background, once', async () => {
    pass(300);
    expect([await currentKey(), await currentKey()]).toEqual([K1, K2]);
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT']);
  });

  test('is read again first when it is older than ten', async () => {
    pass(600);
    expect(await currentKey()).toBe(K2);
  });

  test('serves for an hour while Secrets Manager cannot be reached, and no longer', async () => {
    isAway = true;
    pass(3599);
    expect(await currentKey()).toBe(K1);
    pass(2);
    await expect(currentKey()).rejects.toThrow('Secrets Manager is away');
    isAway = false;
    expect(await currentKey()).toBe(K2);
  });

  test('is read at most every five seconds meanwhile', async () => {
    isAway = true;
    pass(1000);
    await currentKey();
    pass(4);
    await currentKey();
    expect(reads).toHaveLength(2);
    pass(1);
    await currentKey();
    expect(reads).toHaveLength(3);
  });
});

test('a key that may be used for less than five minutes is read again before that', async () => {
  const strict = createKeyCache(
    { current, previous: async () => undefined },
    { maxStaleSeconds: 60, nowMs: () => now },
  );
  await strict.current();
  labels = { AWSCURRENT: K2 };

  pass(60);

  expect((await strict.current()).reveal()).toBe(K2);
});

describe('a key that Mistral rejects', () => {
  beforeEach(async () => {
    await keys.current();
  });

  test('gives way to the one that AWSCURRENT names now', async () => {
    labels = { AWSCURRENT: K2, AWSPREVIOUS: K1 };

    expect(await insteadOf(K1)).toBe(K2);
    expect(await currentKey()).toBe(K2);
  });

  test('is read again once for all whose requests were rejected', async () => {
    labels = { AWSCURRENT: K2 };

    expect(await Promise.all([insteadOf(K1), insteadOf(K1)])).toEqual([K2, K2]);
    expect(await insteadOf(K1)).toBe(K2);
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT']);
  });

  test('gives way to AWSPREVIOUS where AWSCURRENT is the rejected one, for a minute', async () => {
    labels = { AWSCURRENT: K1, AWSPREVIOUS: K2 };

    expect(await Promise.all([insteadOf(K1), insteadOf(K1)])).toEqual([K2, K2]);
    expect(await currentKey()).toBe(K2);
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPREVIOUS']);
    pass(60);
    expect([await currentKey(), await currentKey()]).toEqual([K2, K1]);
  });

  test('gives way to AWSPREVIOUS too after AWSCURRENT was tried as well', async () => {
    labels = { AWSCURRENT: K2, AWSPREVIOUS: 'plaintext-of-key-0' };

    expect(await insteadOf(K1, K2)).toBe('plaintext-of-key-0');
  });

  test('has no replacement where AWSPREVIOUS was rejected as well', async () => {
    labels = { AWSCURRENT: K2, AWSPREVIOUS: K1 };

    expect(await insteadOf(K1, K2)).toBeUndefined();
  });

  test('is not read again at once: Mistral answers 401 for an exhausted plan too', async () => {
    expect(await insteadOf(K1)).toBeUndefined();
    expect(await insteadOf(K1)).toBeUndefined();
    expect(reads).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPREVIOUS']);
    labels = { AWSCURRENT: K2 };
    pass(5);
    expect(await insteadOf(K1)).toBe(K2);
  });

  test('stays what it is while Secrets Manager cannot be reached', async () => {
    isAway = true;

    expect(await insteadOf(K1)).toBeUndefined();
  });
});

test('a secret without a key fails with the error of its reader', async () => {
  labels = {};

  await expect(currentKey()).rejects.toThrow('no key yet');
});

test('once Secrets Manager failed, no caller waits for it while there is a key in memory', async () => {
  await keys.current();
  isAway = true;
  pass(1000);
  await keys.current();
  pass(6);
  expect(keys.current()).toBeInstanceOf(ApiKey);
  expect(reads).toHaveLength(3);
});
