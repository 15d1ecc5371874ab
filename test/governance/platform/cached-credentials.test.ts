import { expect, test } from 'vitest';
import {
  type AwsCredentials,
  cachedCredentials,
} from '../../../governance/platform/request-signer.aws.js';

const START = Date.parse('2026-06-30T12:00:00Z');
const MINUTE_MS = 60_000;

/** A provider that gives out what is next: credentials that last for so many minutes, or nothing. */
function world(...lifetimes: readonly (number | 'none')[]) {
  let nowMs = START;
  const asked: boolean[] = [];
  const provider = async (options?: {
    readonly forceRefresh?: boolean;
  }): Promise<AwsCredentials> => {
    const minutes = lifetimes[asked.length] ?? 'none';
    asked.push(options?.forceRefresh === true);
    if (minutes === 'none') throw new Error('not signed in');
    const expiration = new Date(nowMs + minutes * MINUTE_MS);
    return { accessKeyId: `ASIA${asked.length}`, secretAccessKey: 'secret', expiration };
  };
  const credentials = cachedCredentials(provider, () => new Date(nowMs));
  return {
    asked,
    forget: credentials.forget,
    async at(minute: number): Promise<string> {
      nowMs = START + minute * MINUTE_MS;
      return (await credentials.current()).accessKeyId;
    },
  };
}

test('are asked for once, and again shortly before they expire, past what the provider remembers', async () => {
  const { at, asked } = world(60, 60);
  expect([await at(0), await at(54), await at(56), await at(57)]).toEqual([
    'ASIA1',
    'ASIA1',
    'ASIA2',
    'ASIA2',
  ]);
  expect(asked).toEqual([false, true]);
});

test('that cannot be renewed are used until they expire, and asked for every ten seconds', async () => {
  const { at, asked } = world(60, 'none', 'none');
  expect([await at(0), await at(58), await at(58.1), await at(58.5)]).toEqual(
    Array(4).fill('ASIA1'),
  );
  expect(asked).toHaveLength(3);
  await expect(at(61)).rejects.toThrow('not signed in');
});

test('that were forgotten are asked for at once', async () => {
  const { at, asked, forget } = world(60, 60);
  await at(0);
  forget();
  expect(await at(0.01)).toBe('ASIA2');
  expect(asked).toEqual([false, true]);
});

test('requests that wait together ask once', async () => {
  const { at, asked } = world(60);
  expect(await Promise.all([at(0), at(0), at(0)])).toEqual(['ASIA1', 'ASIA1', 'ASIA1']);
  expect(asked).toHaveLength(1);
});
