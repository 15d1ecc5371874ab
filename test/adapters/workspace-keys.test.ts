import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createWorkspaceKeys } from '../../lambdas/adapters/workspace-keys.js';
import { serializeManagedKey } from '../../lambdas/domain/managed-key.js';
import { aManagedKey } from '../support/builders.js';

const secretsManager = mockClient(SecretsManagerClient);
afterAll(() => secretsManager.restore());
let seconds = 0;
const keys = () => createWorkspaceKeys(new SecretsManagerClient({}), () => seconds * 1000);
const holds = (keyId: string) => ({ SecretString: serializeManagedKey(aManagedKey(keyId)) });

beforeEach(() => {
  secretsManager.reset();
  seconds = 0;
});

test("the gateway's key of a workspace is read once, then known at once", async () => {
  secretsManager.on(GetSecretValueCommand).resolves(holds('k1'));
  const workspaceKeys = keys();

  const asked = await Promise.all([
    workspaceKeys.current('prod-workspace'),
    workspaceKeys.current('prod-workspace'),
  ]);

  expect(asked.map((key) => key.reveal())).toEqual(['plaintext-of-k1', 'plaintext-of-k1']);
  expect(workspaceKeys.current('prod-workspace')).toBe(asked[0]);
  const calls = secretsManager.commandCalls(GetSecretValueCommand);
  expect(calls.map(({ args }) => args[0].input)).toEqual([
    { SecretId: 'mistral/prod-workspace/gateway' },
  ]);
});

test('a key is read again after five minutes, and kept where that fails', async () => {
  secretsManager.on(GetSecretValueCommand).resolvesOnce(holds('k1')).rejectsOnce(new Error('down'));
  const workspaceKeys = keys();
  const first = await workspaceKeys.current('dev-workspace');

  seconds = 301;
  expect(workspaceKeys.current('dev-workspace')).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  secretsManager.on(GetSecretValueCommand).resolves(holds('k2'));
  expect(workspaceKeys.current('dev-workspace')).toBe(first);
  await new Promise((resolve) => setImmediate(resolve));
  expect((await workspaceKeys.current('dev-workspace')).reveal()).toBe('plaintext-of-k2');
});

test('a refused key is read afresh once, however many were refused with it', async () => {
  secretsManager.on(GetSecretValueCommand).resolvesOnce(holds('k1')).resolves(holds('k2'));
  const workspaceKeys = keys();
  const refused = await workspaceKeys.current('dev-workspace');

  const fresh = await Promise.all([
    workspaceKeys.refresh('dev-workspace', refused),
    workspaceKeys.refresh('dev-workspace', refused),
  ]);
  const late = await workspaceKeys.refresh('dev-workspace', refused);

  expect(fresh.map((key) => key.reveal())).toEqual(['plaintext-of-k2', 'plaintext-of-k2']);
  expect(late).toBe(fresh[0]);
  expect(secretsManager.commandCalls(GetSecretValueCommand)).toHaveLength(2);
});

test('fails for a secret without a key, naming no part of its value', async () => {
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: '{"apiKey":""}' });
  const workspaceKeys = keys();
  await expect(workspaceKeys.current('dev-workspace')).rejects.toThrow(
    /does not hold a managed key/,
  );
});

test('a refused key is read afresh, also where it was read again meanwhile and is the same', async () => {
  secretsManager.on(GetSecretValueCommand).resolves(holds('k1'));
  const workspaceKeys = keys();
  const refused = await workspaceKeys.current('dev-workspace');
  seconds = 301;
  await workspaceKeys.current('dev-workspace');
  await new Promise((resolve) => setImmediate(resolve));

  secretsManager.on(GetSecretValueCommand).resolves(holds('k2'));
  const fresh = await workspaceKeys.refresh('dev-workspace', refused);
  expect(fresh.reveal()).toBe('plaintext-of-k2');
});
