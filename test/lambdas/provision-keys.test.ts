import { expect, test } from 'vitest';
import { createProvisionKeysHandler } from '../../lambdas/provision-keys/handler.js';
import { aPolicy, aSecret, silentLog } from '../support/builders.js';

function provision(
  holding: readonly string[],
  start: (secret: string) => Promise<'started' | 'under way'>,
) {
  const asked: string[] = [];
  const pauses: number[] = [];
  const handler = createProvisionKeysHandler({
    policy: aPolicy((document) => {
      document.gateway = { enabled: false };
    }),
    secrets: {
      describe: async (name) => aSecret(holding.includes(name) ? { v1: ['AWSCURRENT'] } : {}),
    },
    rotations: {
      start: (name) => {
        asked.push(name);
        return start(name);
      },
    },
    log: silentLog,
    sleep: async (milliseconds) => void pauses.push(milliseconds),
  });
  return { asked, pauses, result: handler() };
}

const EMPTY = [
  'mistral/ml-workspace/ml-team-key',
  'mistral/prod-workspace/checkout-service-key',
  'mistral/prod-workspace/search-service-key',
];

test('starts the first rotation of every secret without a key, and of no other', async () => {
  const { asked, result } = provision(
    ['mistral/dev-workspace/dev-team-key'],
    async () => 'started',
  );
  expect(await result).toEqual({ started: EMPTY, underWay: [] });
  expect(asked).toEqual(EMPTY);
});

test('a rotation already under way is left to finish, and told', async () => {
  const { pauses, result } = provision(
    ['mistral/dev-workspace/dev-team-key'],
    async () => 'under way',
  );
  expect(await result).toEqual({ started: [], underWay: EMPTY });
  expect(pauses).toHaveLength(9);
});

test("Secrets Manager's trial of a new schedule is waited for", async () => {
  let asks = 0;
  const { asked, pauses, result } = provision(EMPTY, async () => {
    asks += 1;
    return asks < 3 ? 'under way' : 'started';
  });
  const secret = 'mistral/dev-workspace/dev-team-key';
  expect(await result).toEqual({ started: [secret], underWay: [] });
  expect(asked).toEqual([secret, secret, secret]);
  expect(pauses).toEqual([10_000, 10_000]);
});

test('fails after the last secret when one could not be started', async () => {
  const { asked, result } = provision(['mistral/dev-workspace/dev-team-key'], async (name) => {
    if (name.includes('ml-team')) throw new Error('denied');
    return 'started';
  });
  await expect(result).rejects.toThrow('1 keys could not be provisioned');
  expect(asked).toEqual(EMPTY);
});
