import { inspect } from 'node:util';
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createSecretReader } from '../../client/secret-key.js';
import { serializeManagedKey } from '../../governance/keys/managed-key.js';
import { aManagedKey } from '../support/builders.js';
import { FIELD, PLAIN, settingsWith, TWO_EXISTING } from '../support/existing-secrets.js';

const service = mockClient(SecretsManagerClient);
afterAll(() => service.restore());
beforeEach(() => service.reset());
const reader = createSecretReader(new SecretsManagerClient(), 'a-secret', 'dev-workspace');
const stored = (workspace: string) => ({
  SecretString: serializeManagedKey(aManagedKey('k1', { workspace })),
});

test.each(['current', 'previous'] as const)('reads the %s key', async (which) => {
  service.on(GetSecretValueCommand).resolves(stored('dev-workspace'));
  expect((await reader[which]())?.reveal()).toBe('plaintext-of-k1');
  const [call] = service.commandCalls(GetSecretValueCommand);
  const VersionStage = which === 'current' ? 'AWSCURRENT' : 'AWSPREVIOUS';
  expect(call?.args[0].input).toEqual({ SecretId: 'a-secret', VersionStage });
});

test('a secret without a current key fails, one without a previous key has none', async () => {
  service
    .on(GetSecretValueCommand)
    .rejects(new ResourceNotFoundException({ message: 'no', $metadata: {} }));
  await expect(reader.current()).rejects.toMatchObject({
    name: 'GovernanceUnavailableError',
    code: 'key_unavailable',
    message: expect.stringContaining('the secret does not hold a key yet'),
  });
  expect(await reader.previous()).toBeUndefined();
});

test.each(['current', 'previous'] as const)(
  'fails for a %s key of another workspace',
  async (which) => {
    service.on(GetSecretValueCommand).resolves(stored('prod-workspace'));
    await expect(reader[which]()).rejects.toMatchObject({ name: 'GovernanceConfigurationError' });
  },
);

test('names the type of a failure, and quotes nothing of its message', async () => {
  const failure = Object.assign(new Error('no answer for plaintext-of-k1'), {
    name: 'TimeoutError',
  });
  service.on(GetSecretValueCommand).rejects(failure);
  const error = await reader.current().catch((thrown: unknown) => thrown);
  expect(String(error)).toContain('TimeoutError');
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('plaintext');
});

test.each([
  [PLAIN, 'plaintext-of-k1\n', ['AWSCURRENT']],
  [PLAIN, 'plaintext-of-k1', ['AWSCURRENT', 'mistral-key/k1/2026-08-15T09:00:00.000Z/never/plain']],
  [FIELD, settingsWith('plaintext-of-k1'), ['AWSCURRENT']],
])(
  'reads a key of %s as the policy says, whether its id is known or not',
  async (Name, SecretString, VersionStages) => {
    service.on(GetSecretValueCommand).resolves({ Name, SecretString, VersionStages });
    const readerOf = (workspace: string) =>
      createSecretReader(new SecretsManagerClient(), Name, workspace, TWO_EXISTING);
    expect((await readerOf('dev-workspace').current()).reveal()).toBe('plaintext-of-k1');
    await expect(readerOf('prod-workspace').current()).rejects.toMatchObject({
      name: 'GovernanceConfigurationError',
    });
  },
);
