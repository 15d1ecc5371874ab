import { expect, test } from 'vitest';
import { gatherSuppliedKeys } from '../../cli/keys/gather-keys.js';
import { SecretGoneError } from '../../governance/platform/errors.js';
import { anOperatorPolicy, aRetirement, aSecret } from '../support/builders.js';

const NOW = new Date('2026-11-25T12:00:00Z');
const DEV = 'mistral/dev-workspace/dev-team-key';

async function stateOf(
  stages: Record<string, string[]> | 'no secret',
  { daysAgo = 10, retiring = false } = {},
) {
  const policy = anOperatorPolicy((document) => {
    document.workspaces = document.workspaces.slice(0, 1);
    document.callers = [];
  });
  const { keys } = await gatherSuppliedKeys(
    {
      secrets: {
        async describe() {
          if (stages !== 'no secret') return { ...aSecret(stages), rotationEnabled: false };
          throw new SecretGoneError('gone');
        },
      },
      versions: {
        readers: async () => [],
        createdAt: async () => new Date(NOW.getTime() - daysAgo * 86_400_000),
      },
      flows: {
        running: async () =>
          retiring
            ? [
                {
                  name: 'v2',
                  executionArn: 'arn',
                  startedAt: NOW,
                  retirement: aRetirement({ secretName: DEV }),
                },
              ]
            : [],
      },
    },
    policy,
    NOW,
  );
  const [key] = keys;
  return key && { state: key.state, age: key.ageDays, next: key.nextRotationAt?.toISOString() };
}

const CURRENT = { v1: ['AWSCURRENT'] };

test('a verified key that is not due is ok', async () => {
  const next = '2027-02-13T12:00:00.000Z';
  expect(await stateOf(CURRENT)).toEqual({ state: 'ok', age: 10, next });
});

test.each([
  ['no secret', 'not deployed'],
  [{}, 'key needed'],
  [{ v1: ['AWSCURRENT', 'AWSPENDING'] }, 'not verified'],
  [{ v1: ['AWSCURRENT'], v2: ['AWSPENDING'] }, 'not verified'],
] as const)('a secret with %j is %s', async (stages, state) => {
  expect(await stateOf(stages as never)).toMatchObject({ state });
});

test('a key is needed from the day on which the next one is due', async () => {
  expect(await stateOf(CURRENT, { daysAgo: 90 })).toMatchObject({ state: 'key needed', age: 90 });
});

test('a replaced key that waits for its deletion is reported', async () => {
  const state = 'replaced key retiring';
  expect(await stateOf(CURRENT, { retiring: true })).toMatchObject({ state });
});
