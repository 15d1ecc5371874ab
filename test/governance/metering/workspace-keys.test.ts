import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { createGatewayKeyReader } from '../../../governance/keys/key-reader.aws.js';
import { serializeManagedKey } from '../../../governance/keys/managed-key.js';
import {
  createWorkspaceKeys,
  type WorkspaceKeys,
} from '../../../governance/metering/workspace-keys.js';
import { aManagedKey } from '../../support/builders.js';

const secretsManager = mockClient(SecretsManagerClient);
afterAll(() => secretsManager.restore());
let seconds = 0;
let keys: WorkspaceKeys;
let unusable: string[] = [];

const holds = (keyId: string) => ({ SecretString: serializeManagedKey(aManagedKey(keyId)) });
const reads = () =>
  secretsManager.commandCalls(GetSecretValueCommand).map(({ args }) => args[0].input);
const DEV = 'mistral/dev-workspace/gateway';

beforeEach(() => {
  secretsManager.reset();
  seconds = 0;
  unusable = [];
  keys = createWorkspaceKeys(
    createGatewayKeyReader(new SecretsManagerClient({})),
    () => seconds * 1000,
    (workspace) => void unusable.push(workspace),
  );
});

test("the gateway's key of each workspace is read once, then kept in memory", async () => {
  secretsManager.on(GetSecretValueCommand).resolves(holds('k1'));
  secretsManager
    .on(GetSecretValueCommand, { SecretId: 'mistral/prod-workspace/gateway' })
    .resolves(holds('k2'));

  const asked = await Promise.all(
    ['dev-workspace', 'dev-workspace', 'prod-workspace'].map((name) => keys.current(name)),
  );

  expect(asked.map((key) => key.reveal())).toEqual([
    'plaintext-of-k1',
    'plaintext-of-k1',
    'plaintext-of-k2',
  ]);
  expect(keys.current('dev-workspace')).toBe(asked[0]);
  expect(reads()).toHaveLength(2);
});

test('a key serves for days while Secrets Manager is down, without a read per request', async () => {
  secretsManager.on(GetSecretValueCommand).resolvesOnce(holds('k1')).rejects(new Error('down'));
  const key = await keys.current('dev-workspace');

  seconds = 3 * 86_400;
  for (let request = 0; request < 100; request += 1) {
    expect(await keys.current('dev-workspace')).toBe(key);
  }
  expect(reads()).toHaveLength(2);
});

test('if AWSCURRENT is rejected, AWSPREVIOUS is used', async () => {
  secretsManager.on(GetSecretValueCommand).resolves(holds('k2'));
  const previous = { SecretId: DEV, VersionStage: 'AWSPREVIOUS' };
  secretsManager.on(GetSecretValueCommand, previous).resolves(holds('k1'));
  const refused = await keys.current('dev-workspace');
  const [one, other] = await Promise.all([
    keys.instead('dev-workspace', [refused]),
    keys.instead('dev-workspace', [refused]),
  ]);
  expect(one?.reveal()).toBe('plaintext-of-k1');
  expect(other).toBe(one);
});

test('a rejected key is not read again for every request if there is no other', async () => {
  secretsManager.on(GetSecretValueCommand).resolves(holds('k1'));
  const refused = await keys.current('dev-workspace');
  for (let request = 0; request < 100; request += 1) {
    expect(await keys.instead('dev-workspace', [refused])).toBeUndefined();
  }
  expect(reads()).toHaveLength(3);
});

test('fails for a secret without a key, without quoting its value', async () => {
  secretsManager.on(GetSecretValueCommand).resolves({ SecretString: '{"apiKey":""}' });
  await expect(keys.current('dev-workspace')).rejects.toThrow(/does not hold a managed key/);
});

test('fails while the secret is empty', async () => {
  const gone = new ResourceNotFoundException({ message: 'no value', $metadata: {} });
  secretsManager.on(GetSecretValueCommand).rejects(gone);
  await expect(keys.current('dev-workspace')).rejects.toThrow(
    'the gateway has no key in workspace "dev-workspace" yet',
  );
});

test('a bad value that is read in the background is reported once, and once more after a good one', async () => {
  const bad = { SecretString: '{"apiKey":"pasted"}' };
  const value = (...held: { SecretString: string }[]) => {
    const stub = secretsManager.on(GetSecretValueCommand);
    for (const one of held) stub.resolvesOnce(one);
  };
  value(holds('k1'), bad, bad, holds('k2'), bad);
  const readAgain = async () => {
    seconds += 301;
    const key = await keys.current('dev-workspace');
    await vi.waitFor(() => expect(reads().length).toBe(expected));
    await new Promise(setImmediate);
    return key.reveal();
  };
  let expected = 1;
  await readAgain();
  expect(unusable).toEqual([]);
  for (const [key, reported] of [
    ['plaintext-of-k1', 1],
    ['plaintext-of-k1', 1],
    ['plaintext-of-k1', 1],
    ['plaintext-of-k2', 2],
  ] as const) {
    expected += 1;
    expect(await readAgain()).toBe(key);
    expect(unusable).toEqual(Array(reported).fill('dev-workspace'));
  }
});
