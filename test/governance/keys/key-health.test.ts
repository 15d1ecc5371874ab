import { expect, test } from 'vitest';
import {
  judgeRejection,
  lackOfAccess,
  type RejectionFacts,
} from '../../../governance/keys/key-health.js';

const createdAt = new Date('2026-03-01T10:00:00Z');
const after = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000);

function facts(overrides: Partial<RejectionFacts>): RejectionFacts {
  return {
    now: after(3600),
    createdAt,
    listed: { expiresOn: '2026-06-20' },
    spendLimitReached: false,
    ...overrides,
  };
}

test.each([
  ['a key no longer listed is bad', { listed: undefined }, 'bad', /no longer listed/],
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
    /created 60 seconds ago/,
  ],
  ['a key rejected for long is bad', { now: after(600) }, 'bad', /still listed/],
  [
    'a young key is undecided',
    { now: after(599) },
    'undecided',
    /created 10 minutes ago.* for 10 minutes/,
  ],
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
    /no longer listed/,
  ],
] as const)('%s', (_name, given, kind, reason) => {
  const health = judgeRejection(facts(given));
  expect(health.kind).toBe(kind);
  expect(health).toMatchObject({ reason: expect.stringMatching(reason) });
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
  ['every model', '*', undefined],
  ['an id', ['mistral-small-2603'], undefined],
  ['an alias', ['mistral-small-latest'], undefined],
  [
    'a model that the key may not use',
    ['mistral-small-latest', 'codestral-latest'],
    'it has no access to model codestral-latest, which the policy allows in workspace dev',
  ],
  [
    'two models that the key may not use',
    ['a', 'b'],
    'it has no access to models a and b, which the policy allows in workspace dev',
  ],
] as const)('the access of a key where the policy names %s', (_name, models, lack) => {
  expect(lackOfAccess({ name: 'dev', models: models === '*' ? '*' : [...models] }, MODELS)).toBe(
    lack,
  );
});
