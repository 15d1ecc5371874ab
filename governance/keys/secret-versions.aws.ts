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
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';
import { SecretGoneError } from '../platform/errors.js';
import { unquoted } from '../platform/json.js';
import type { Policy } from '../policy/policy.js';
import type { SecretFormat } from '../policy/policy-secrets.js';
import {
  type ManagedKey,
  managedKeyIn,
  serializeManagedKey,
  type VersionValue,
} from './managed-key.js';
import { type SecretState, type VersionStage, versionAt } from './rotation.js';
import { keyIn, withKey } from './secret-format.js';
import { UnidentifiedKeyError } from './unidentified-key.js';
import { labelOf, outdatedLabels, type VersionLabel, versionLabel } from './version-label.js';

/** The versions of managed secrets and the labels on them. */
export interface SecretVersions {
  /** @throws SecretGoneError for a secret that does not exist */
  describe(secretId: string): Promise<SecretState>;
  /**
   * The key a version holds; `undefined` without a value yet, and in a secret that is being deleted.
   *
   * @throws SecretValueError, of which UnidentifiedKeyError says that it is a key
   */
  read(secretId: string, versionId: string): Promise<ManagedKey | undefined>;
  /**
   * Stores a key as the AWSPENDING version `versionId`; where it is one field, all else is as in AWSCURRENT. `taken`
   * when that version already holds another value: a concurrent attempt at the same rotation came first.
   *
   * @throws SecretValueError where the value has no place for the key
   */
  putPending(
    secretId: string,
    versionId: string,
    key: ManagedKey,
    rotationToken?: string,
    format?: SecretFormat,
  ): Promise<'stored' | 'taken'>;
  /** Remembers which key a version holds whose value has no room for that. */
  identify(secretId: string, versionId: string, key: VersionLabel): Promise<void>;
  /** Whether two versions differ in their keys alone. */
  differInKeyOnly(secretId: string, versionId: string, other: string): Promise<boolean>;
  /** Moves AWSCURRENT, only if it is on `from` (nowhere, if `undefined`). `moved on` when it is elsewhere. */
  moveCurrent(
    secretId: string,
    from: string | undefined,
    to: string,
  ): Promise<'moved' | 'moved on'>;
  /** Removes AWSPENDING from a version, so that the next rotation can start. */
  clearPending(secretId: string, versionId: string): Promise<void>;
}

/** @param policy which says how secrets hold their keys. @default as this product's JSON */
export function createSecretVersions(
  client: SecretsManagerClient,
  policy?: Policy,
): SecretVersions {
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
      rotatedBy: secret.RotationLambdaARN,
      replicaOf: secret.PrimaryRegion === regionOf(secret.ARN) ? undefined : secret.PrimaryRegion,
      isBeingDeleted: secret.DeletedDate !== undefined,
    };
  }

  async function storedValue(
    secretId: string,
    version: { readonly VersionId: string } | { readonly VersionStage: VersionStage },
  ): Promise<VersionValue | undefined> {
    try {
      return await unquoted(
        client.send(new GetSecretValueCommand({ SecretId: secretId, ...version })),
      );
    } catch (error) {
      if (error instanceof ResourceNotFoundException || isBeingDeleted(error)) return undefined;
      throw error;
    }
  }

  /** Of a version that another owner of the secret stored, to change what is beside the key. */
  async function sameKey(
    secretId: string,
    { apiKey }: UnidentifiedKeyError,
  ): Promise<ManagedKey | undefined> {
    const { stagesByVersion } = await describe(secretId);
    for (const [VersionId, stages] of Object.entries(stagesByVersion)) {
      const stored = labelOf(stages) && (await storedValue(secretId, { VersionId }));
      const known =
        stored && labelOf(stored.VersionStages) && managedKeyIn(stored, policy, secretId);
      if (known?.apiKey.reveal() === apiKey.reveal()) return known;
    }
    return undefined;
  }

  /** What is stored of a key, and the labels that its version gets. */
  async function written(secretId: string, key: ManagedKey, format: SecretFormat) {
    if (format === 'json') {
      return { SecretString: serializeManagedKey(key), VersionStages: ['AWSPENDING'] };
    }
    await removeOutdated(secretId);
    const before = (await storedValue(secretId, { VersionStage: 'AWSCURRENT' }))?.SecretString;
    return {
      SecretString: withKey(before, format, key.apiKey, secretId),
      VersionStages: ['AWSPENDING', versionLabel({ ...key, format })],
    };
  }

  async function removeOutdated(secretId: string): Promise<void> {
    const { stagesByVersion } = await describe(secretId);
    for (const { versionId, stage } of outdatedLabels(stagesByVersion)) {
      await updateStage(secretId, { VersionStage: stage, RemoveFromVersionId: versionId });
    }
  }

  async function updateStage(
    SecretId: string,
    change: Omit<UpdateSecretVersionStageRequest, 'SecretId'>,
  ): Promise<void> {
    await client.send(new UpdateSecretVersionStageCommand({ SecretId, ...change }));
  }

  return {
    describe,

    async read(secretId, versionId) {
      const stored = await storedValue(secretId, { VersionId: versionId });
      try {
        return stored && managedKeyIn(stored, policy, secretId);
      } catch (error) {
        const same = error instanceof UnidentifiedKeyError && (await sameKey(secretId, error));
        if (same) return same;
        throw error;
      }
    },

    async putPending(secretId, versionId, key, rotationToken, format = 'json') {
      try {
        const put = new PutSecretValueCommand({
          SecretId: secretId,
          ClientRequestToken: versionId,
          ...(await written(secretId, key, format)),
          RotationToken: rotationToken,
        });
        await unquoted(client.send(put));
        return 'stored';
      } catch (error) {
        if (error instanceof ResourceExistsException) return 'taken';
        throw error;
      }
    },

    async identify(secretId, versionId, label) {
      const VersionStage = versionLabel(label);
      const { stagesByVersion } = await describe(secretId);
      if (labelOf(stagesByVersion[versionId])) return;
      // A version with the same key that another one has replaced.
      const [holder] = Object.entries(stagesByVersion).find(([, stages]) =>
        stages.includes(VersionStage),
      ) ?? [undefined];
      await updateStage(secretId, {
        VersionStage,
        MoveToVersionId: versionId,
        RemoveFromVersionId: holder,
      });
    },

    async differInKeyOnly(secretId, versionId, other) {
      const [one, base] = await Promise.all(
        [versionId, other].map((VersionId) => storedValue(secretId, { VersionId })),
      );
      const format = labelOf(one?.VersionStages)?.format;
      const text = one?.SecretString;
      if (format === undefined || format === 'plain' || text === undefined) return true;
      const apiKey = keyIn(text, format, secretId);
      return text === withKey(base?.SecretString, format, apiKey, secretId);
    },

    async moveCurrent(secretId, from, to) {
      try {
        await updateStage(secretId, {
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: to,
          RemoveFromVersionId: from,
        });
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
      await updateStage(secretId, {
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId: versionId,
      });
    },
  };
}

function regionOf(arn: string | undefined): string | undefined {
  return arn?.split(':')[3];
}

/** The same error class also stands for other states of a secret. */
function isBeingDeleted(error: unknown): boolean {
  return error instanceof InvalidRequestException && /for deletion/i.test(error.message);
}
