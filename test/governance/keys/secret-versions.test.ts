import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { ManagedKey } from '../../../governance/keys/managed-key.js';
import { createSecretRotations } from '../../../governance/keys/secret-rotations.aws.js';
import { createSecretVersions } from '../../../governance/keys/secret-versions.aws.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { SecretGoneError, SecretValueError } from '../../../governance/platform/errors.js';

const service = mockClient(SecretsManagerClient);
afterAll(() => service.restore());
const secrets = createSecretVersions(new SecretsManagerClient());
const metadata = { $metadata: {}, message: 'no' };

const key: ManagedKey = {
  apiKey: new ApiKey('plaintext-of-the-key'),
  keyId: 'k1',
  workspace: 'dev',
  workspaceId: 'w1',
  createdAt: new Date('2026-03-01T10:00:00Z'),
  expiresAt: '2026-06-20',
};
const stored =
  '{"apiKey":"plaintext-of-the-key","keyId":"k1","workspace":"dev","workspaceId":"w1","createdAt":"2026-03-01T10:00:00.000Z","expiresAt":"2026-06-20"}';

beforeEach(() => service.reset());

test('describes a secret that holds no version yet', async () => {
  service.on(DescribeSecretCommand).resolves({ ARN: 'arn', Name: 'n', RotationEnabled: true });
  expect(await secrets.describe('n')).toMatchObject({
    arn: 'arn',
    name: 'n',
    rotationEnabled: true,
    stagesByVersion: {},
  });
});

test('describes a secret that can still be restored', async () => {
  service.on(DescribeSecretCommand).resolves({ ARN: 'arn', DeletedDate: new Date(0) });
  expect(await secrets.describe('n')).toMatchObject({ isBeingDeleted: true });
});

test('fails with the name of a missing secret', async () => {
  service.on(DescribeSecretCommand).rejects(new ResourceNotFoundException(metadata));
  await expect(secrets.describe('n')).rejects.toThrow(SecretGoneError);
});

describe('reads', () => {
  test('nothing from a secret that is being deleted', async () => {
    const message =
      "You can't perform this operation on the secret because it was marked for deletion.";
    service
      .on(GetSecretValueCommand)
      .rejects(new InvalidRequestException({ ...metadata, message }));
    expect(await secrets.read('n', 'v1')).toBeUndefined();
  });

  test('fails on a secret in another state that allows no reading', async () => {
    service.on(GetSecretValueCommand).rejects(new InvalidRequestException(metadata));
    await expect(secrets.read('n', 'v1')).rejects.toThrow(InvalidRequestException);
  });

  test('the key of a version', async () => {
    service.on(GetSecretValueCommand).resolves({ SecretString: stored });
    expect(await secrets.read('n', 'v1')).toEqual(key);
    expect((await secrets.read('n', 'v1'))?.apiKey.reveal()).toBe('plaintext-of-the-key');
    expect(service.commandCalls(GetSecretValueCommand)[0]?.args[0].input).toEqual({
      SecretId: 'n',
      VersionId: 'v1',
    });
  });

  test('nothing from a version without a value', async () => {
    service.on(GetSecretValueCommand).rejects(new ResourceNotFoundException(metadata));
    expect(await secrets.read('n', 'v1')).toBeUndefined();
  });

  test.each([
    ['a raw key', 'plaintext-of-the-key', /the whole value/],
    ['cut off JSON', stored.slice(0, 40), /the whole value/],
    ['a value with fields missing', '{"apiKey":"plaintext-of-the-key"}', /keyId, workspace/],
  ])('fails on %s without quoting it', async (_name, SecretString, message) => {
    service.on(GetSecretValueCommand).resolves({ SecretString });
    const error = await secrets.read('n', 'v1').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(SecretValueError);
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('plainte');
  });
});

describe('stores a pending key', () => {
  test('under the token of the rotation, in the form that services read', async () => {
    service.on(PutSecretValueCommand).resolves({});
    expect(await secrets.putPending('n', 'v1', key, 'rotation-token')).toBe('stored');
    expect(service.commandCalls(PutSecretValueCommand)[0]?.args[0].input).toEqual({
      SecretId: 'n',
      ClientRequestToken: 'v1',
      SecretString: stored,
      VersionStages: ['AWSPENDING'],
      RotationToken: 'rotation-token',
    });
  });

  test('unless an attempt at the same rotation came first', async () => {
    service.on(PutSecretValueCommand).rejects(new ResourceExistsException(metadata));
    expect(await secrets.putPending('n', 'v1', key)).toBe('taken');
  });
});

describe('moves AWSCURRENT', () => {
  const invalid = new InvalidParameterException(metadata);

  test('from the version it is on, and from no other', async () => {
    service.on(UpdateSecretVersionStageCommand).resolves({});
    expect(await secrets.moveCurrent('n', 'v1', 'v2')).toBe('moved');
    expect(service.commandCalls(UpdateSecretVersionStageCommand)[0]?.args[0].input).toEqual({
      SecretId: 'n',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: 'v2',
      RemoveFromVersionId: 'v1',
    });
  });

  test.each([
    ['v2', 'moved'],
    ['v3', 'moved on'],
  ])('is answered that it is on %s', async (current, outcome) => {
    service.on(UpdateSecretVersionStageCommand).rejects(invalid);
    service
      .on(DescribeSecretCommand)
      .resolves({ VersionIdsToStages: { [current]: ['AWSCURRENT'] } });
    expect(await secrets.moveCurrent('n', 'v1', 'v2')).toBe(outcome);
  });

  test('fails when the label is where it should be and the move is rejected', async () => {
    service.on(UpdateSecretVersionStageCommand).rejects(invalid);
    service.on(DescribeSecretCommand).resolves({ VersionIdsToStages: { v1: ['AWSCURRENT'] } });
    await expect(secrets.moveCurrent('n', 'v1', 'v2')).rejects.toBe(invalid);
  });
});

test('takes AWSPENDING only off a version that has it', async () => {
  service.on(UpdateSecretVersionStageCommand).resolves({});
  service.on(DescribeSecretCommand).resolves({ VersionIdsToStages: { v1: ['AWSPENDING'] } });

  await secrets.clearPending('n', 'v2');
  expect(service.commandCalls(UpdateSecretVersionStageCommand)).toHaveLength(0);

  await secrets.clearPending('n', 'v1');
  expect(service.commandCalls(UpdateSecretVersionStageCommand)[0]?.args[0].input).toEqual({
    SecretId: 'n',
    VersionStage: 'AWSPENDING',
    RemoveFromVersionId: 'v1',
  });
});

describe('starts a rotation', () => {
  const rotations = createSecretRotations(new SecretsManagerClient());

  test('through Secrets Manager', async () => {
    service.on(RotateSecretCommand).resolves({});
    expect(await rotations.start('n')).toBe('started');
  });

  test('unless one is in progress', async () => {
    const message = "A previous rotation isn't complete. That rotation will be reattempted.";
    service.on(RotateSecretCommand).rejects(new InvalidRequestException({ ...metadata, message }));
    expect(await rotations.start('n')).toBe('in progress');
  });

  test('fails for a secret that is being deleted', async () => {
    const message = 'The secret was marked for deletion.';
    service.on(RotateSecretCommand).rejects(new InvalidRequestException({ ...metadata, message }));
    await expect(rotations.start('n')).rejects.toThrow(message);
  });
});
