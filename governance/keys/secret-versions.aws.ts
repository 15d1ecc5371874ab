import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  InvalidParameterException,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { SecretGoneError } from '../platform/errors.js';
import { unquoted } from '../platform/json.js';
import { type ManagedKey, parseManagedKey, serializeManagedKey } from './managed-key.js';
import { type SecretState, versionAt } from './rotation.js';

/** The versions of managed secrets and the labels on them. */
export interface SecretVersions {
  /** @throws SecretGoneError for a secret that does not exist */
  describe(secretId: string): Promise<SecretState>;
  /** The key a version holds; `undefined` without a value yet, and in a secret that is being deleted. */
  read(secretId: string, versionId: string): Promise<ManagedKey | undefined>;
  /**
   * Stores a key as the AWSPENDING version `versionId`. `taken` when that version already holds another
   * value: a concurrent attempt at the same rotation came first.
   */
  putPending(
    secretId: string,
    versionId: string,
    key: ManagedKey,
    rotationToken?: string,
  ): Promise<'stored' | 'taken'>;
  /** Moves AWSCURRENT, only if it is on `from` (nowhere, if `undefined`). `moved on` when it is elsewhere. */
  moveCurrent(
    secretId: string,
    from: string | undefined,
    to: string,
  ): Promise<'moved' | 'moved on'>;
  /** Removes AWSPENDING from a version, so that the next rotation can start. */
  clearPending(secretId: string, versionId: string): Promise<void>;
}

export function createSecretVersions(client: SecretsManagerClient): SecretVersions {
  async function describe(secretId: string): Promise<SecretState> {
    const secret = await client
      .send(new DescribeSecretCommand({ SecretId: secretId }))
      .catch((error: unknown) => {
        if (!(error instanceof ResourceNotFoundException)) throw error;
        throw new SecretGoneError(`secret ${secretId} does not exist`, { cause: error });
      });
    return {
      arn: secret.ARN ?? secretId,
      name: secret.Name ?? secretId,
      rotationEnabled: secret.RotationEnabled ?? false,
      stagesByVersion: secret.VersionIdsToStages ?? {},
      createdAt: secret.CreatedDate,
      lastRotatedAt: secret.LastRotatedDate,
      nextRotationAt: secret.NextRotationDate,
      lastAccessedAt: secret.LastAccessedDate,
      isBeingDeleted: secret.DeletedDate !== undefined,
    };
  }

  return {
    describe,

    async read(secretId, versionId) {
      try {
        const { SecretString } = await unquoted(
          client.send(new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId })),
        );
        return SecretString === undefined ? undefined : parseManagedKey(SecretString, secretId);
      } catch (error) {
        if (error instanceof ResourceNotFoundException || isBeingDeleted(error)) return undefined;
        throw error;
      }
    },

    async putPending(secretId, versionId, key, rotationToken) {
      try {
        const put = new PutSecretValueCommand({
          SecretId: secretId,
          ClientRequestToken: versionId,
          SecretString: serializeManagedKey(key),
          VersionStages: ['AWSPENDING'],
          RotationToken: rotationToken,
        });
        await unquoted(client.send(put));
        return 'stored';
      } catch (error) {
        if (error instanceof ResourceExistsException) return 'taken';
        throw error;
      }
    },

    async moveCurrent(secretId, from, to) {
      try {
        await client.send(
          new UpdateSecretVersionStageCommand({
            SecretId: secretId,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: to,
            RemoveFromVersionId: from,
          }),
        );
        return 'moved';
      } catch (error) {
        // The same error names a label that is elsewhere and one that an earlier attempt moved.
        if (!(error instanceof InvalidParameterException)) throw error;
        const current = versionAt(await describe(secretId), 'AWSCURRENT');
        if (current === from) throw error;
        return current === to ? 'moved' : 'moved on';
      }
    },

    async clearPending(secretId, versionId) {
      const { stagesByVersion } = await describe(secretId);
      if (!stagesByVersion[versionId]?.includes('AWSPENDING')) return;
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secretId,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId: versionId,
        }),
      );
    },
  };
}

/** The same error class also stands for other states of a secret. */
function isBeingDeleted(error: unknown): boolean {
  return error instanceof InvalidRequestException && /for deletion/i.test(error.message);
}
