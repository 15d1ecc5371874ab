import { expect, test } from 'vitest';
import { createModelCatalog } from '../../../governance/keys/model-catalog.js';
import type { KeyProbe } from '../../../governance/mistral/mistral.js';
import { aManagedKey, aSecret } from '../../support/builders.js';

const accepted: KeyProbe = { kind: 'accepted', models: [] };

test('uses the current key', async () => {
  const asked: string[] = [];
  const listModels = createModelCatalog(
    {
      describe: async () => aSecret({ v1: ['AWSPREVIOUS'], v2: ['AWSCURRENT'] }),
      read: async (_secret, version) => aManagedKey(`key-of-${version}`),
    },
    {
      probe: async (apiKey) => {
        asked.push(apiKey.reveal());
        return accepted;
      },
    },
  );
  expect(await listModels('n')).toBe(accepted);
  expect(asked).toEqual(['plaintext-of-key-of-v2']);
});

test('a secret without a key gives no models', async () => {
  const listModels = createModelCatalog(
    { describe: async () => aSecret({}), read: async () => undefined },
    { probe: async () => accepted },
  );
  expect(await listModels('n')).toBeUndefined();
});
