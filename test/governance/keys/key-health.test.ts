import { expect, test } from 'vitest';
import {
  judgeKeyHealth,
  type KeyHealthFacts,
  missingModels,
} from '../../../governance/keys/key-health.js';

const createdAt = new Date('2026-03-01T10:00:00Z');
const after = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000);

function facts(overrides: Partial<KeyHealthFacts>): KeyHealthFacts {
  return {
    now: after(3600),
    createdAt,
    accepted: false,
    listed: { expiresOn: '2026-06-20' },
    spendLimitReached: false,
    ...overrides,
  };
}

test.each([
  ['an accepted key works', { accepted: true, listed: undefined }, 'works', undefined],
  ['a key no longer listed is bad', { listed: undefined }, 'bad', /no longer lists/],
  [
    'an expired key is bad',
    { listed: { expiresOn: '2026-02-28' } },
    'bad',
    /expired on 2026-02-28/,
  ],
  [
    'a key is not expired on its last day',
    { listed: { expiresOn: '2026-03-01' }, now: after(60) },
    'undecided',
    /60 s after creating it/,
  ],
  ['a key refused for long is bad', { now: after(600) }, 'bad', /although it lists it/],
  ['a young key is undecided', { now: after(599) }, 'undecided', /599 s after/],
  [
    'a reached spend limit leaves any key undecided',
    { spendLimitReached: true },
    'undecided',
    /spend limit is reached/,
  ],
  [
    'a reached spend limit does not excuse a key that is gone',
    { spendLimitReached: true, listed: undefined },
    'bad',
    /no longer lists/,
  ],
] as const)('%s', (_name, given, kind, reason) => {
  const health = judgeKeyHealth(facts(given));
  expect(health.kind).toBe(kind);
  if (reason) expect(health).toMatchObject({ reason: expect.stringMatching(reason) });
});

const MODELS = [
  {
    id: 'mistral-small-2603',
    aliases: ['mistral-small-latest'],
    contextTokens: undefined,
    deprecatedAt: undefined,
    replacement: undefined,
  },
];

test.each([
  ['every model', '*', []],
  ['an id', ['mistral-small-2603'], []],
  ['an alias', ['mistral-small-latest'], []],
  ['a model that is not there', ['mistral-small-latest', 'codestral-latest'], ['codestral-latest']],
] as const)('models missing from a policy that names %s', (_name, named, missing) => {
  expect(missingModels(named, MODELS)).toEqual(missing);
});
