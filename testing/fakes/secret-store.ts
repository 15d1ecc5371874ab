import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { AwsError, type AwsOperation, seconds } from './aws-json.js';
import {
  describe,
  limitLabels,
  limitValue,
  pageOfSecrets,
  resourcePolicyOf,
  type StoredSecret,
  type Version,
} from './secret-answers.js';

export type SecretStore = ReturnType<typeof createSecretStore>;

/**
 * What Secrets Manager counts as a secret's first version, which it makes current by itself: the empty one
 * that a rotation begins with, or the first with a value. AWS documents neither.
 */
export const FIRST_VERSIONS = ['placeholder', 'value'] as const;
export type FirstVersion = (typeof FIRST_VERSIONS)[number];

const ById = z.object({ SecretId: z.string() });
const GetSchema = ById.extend({
  VersionId: z.string().optional(),
  VersionStage: z.string().default('AWSCURRENT'),
});
const PutSchema = ById.extend({
  ClientRequestToken: z.string().default(() => randomUUID()),
  SecretString: z.string(),
  VersionStages: z.array(z.string()).default(['AWSCURRENT']),
});
const PolicySchema = ById.extend({ ResourcePolicy: z.string().max(20_480) });
const MoveSchema = ById.extend({
  VersionStage: z.string(),
  MoveToVersionId: z.string().optional(),
  RemoveFromVersionId: z.string().optional(),
});

/**
 * Secrets Manager as far as this product uses it: versions, labels, rotations. `onRotate` gets the
 * version that a requested rotation creates.
 */
export function createSecretStore(
  now: () => Date,
  onRotate: (secret: StoredSecret, versionId: string) => void,
  firstVersion: FirstVersion = 'placeholder',
) {
  const secrets = new Map<string, StoredSecret>();

  function find(id: string): StoredSecret {
    const secret = secrets.get(id) ?? [...secrets.values()].find(({ arn }) => arn === id);
    if (secret) return secret;
    throw new AwsError(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    );
  }

  /** One that is not on its way out, and lets its callers in. */
  function usable(id: string): StoredSecret {
    const secret = find(id);
    if (secret.deletedAt) {
      const message =
        "You can't perform this operation on the secret because it was marked for deletion.";
      throw new AwsError('InvalidRequestException', message);
    }
    if (secret.denied !== undefined) throw new AwsError('AccessDeniedException', secret.denied);
    return secret;
  }

  function addVersion(secret: StoredSecret, id: string, value?: string): Version {
    const version = { id, createdAt: now(), value, stages: new Set<string>() };
    secret.versions.set(id, version);
    return version;
  }

  const operations: Record<string, AwsOperation> = {
    DescribeSecret: (input) => describe(find(ById.parse(input).SecretId)),

    PutResourcePolicy(input) {
      const { SecretId, ResourcePolicy } = PolicySchema.parse(input);
      const secret = usable(SecretId);
      secret.resourcePolicy = ResourcePolicy;
      return { ARN: secret.arn, Name: secret.name };
    },

    DeleteResourcePolicy(input) {
      const secret = usable(ById.parse(input).SecretId);
      secret.resourcePolicy = undefined;
      return { ARN: secret.arn, Name: secret.name };
    },

    GetSecretValue(input) {
      const { SecretId, VersionId, VersionStage } = GetSchema.parse(input);
      const secret = usable(SecretId);
      const version = VersionId ? secret.versions.get(VersionId) : labelled(secret, VersionStage);
      if (version?.value === undefined && version?.binary === undefined) {
        throw new AwsError(
          'ResourceNotFoundException',
          "Secrets Manager can't find the specified secret value",
        );
      }
      secret.lastAccessedAt = new Date(`${now().toISOString().slice(0, 10)}T00:00:00Z`);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.value,
        SecretBinary: version.binary,
        VersionStages: [...version.stages],
        CreatedDate: seconds(version.createdAt),
      };
    },

    PutSecretValue(input) {
      const { SecretId, ClientRequestToken, SecretString, VersionStages } = PutSchema.parse(input);
      const secret = usable(SecretId);
      limitValue(SecretString);
      limitLabels(secret, VersionStages);
      const before = [...secret.versions.values()];
      const isFirst =
        firstVersion === 'placeholder'
          ? before.length === 0
          : before.every(({ value }) => value === undefined);
      const version =
        secret.versions.get(ClientRequestToken) ?? addVersion(secret, ClientRequestToken);
      if (version.value !== undefined && version.value !== SecretString) {
        throw new AwsError('ResourceExistsException', 'this version holds another value already');
      }
      version.value = SecretString;
      // A secret's first version becomes current, regardless of its labels.
      const stages = isFirst ? new Set([...VersionStages, 'AWSCURRENT']) : VersionStages;
      for (const stage of stages) putLabel(secret, stage, version);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages };
    },

    UpdateSecretVersionStage(input) {
      const { SecretId, VersionStage, MoveToVersionId, RemoveFromVersionId } =
        MoveSchema.parse(input);
      const secret = usable(SecretId);
      const holder = labelled(secret, VersionStage);
      limitLabels(secret, MoveToVersionId === undefined ? [] : [VersionStage]);
      if (holder?.id !== RemoveFromVersionId && (holder || RemoveFromVersionId)) {
        throw new AwsError(
          'InvalidParameterException',
          `The parameter RemoveFromVersionId can't be empty or wrong: ${VersionStage} is on version ${holder?.id ?? 'none'}`,
        );
      }
      const target =
        MoveToVersionId === undefined ? undefined : secret.versions.get(MoveToVersionId);
      if (MoveToVersionId !== undefined && !target) {
        throw new AwsError('ResourceNotFoundException', 'no such version');
      }
      if (target) putLabel(secret, VersionStage, target);
      else holder?.stages.delete(VersionStage);
      return { ARN: secret.arn, Name: secret.name };
    },

    CancelRotateSecret(input) {
      const secret = find(ById.parse(input).SecretId);
      secret.cancelledDays = secret.rotateEveryDays;
      secret.rotateEveryDays = undefined;
      secret.nextRotationAt = undefined;
      return { ARN: secret.arn, Name: secret.name };
    },

    DeleteSecret(input) {
      const secret = find(ById.parse(input).SecretId);
      secrets.delete(secret.name);
      return { ARN: secret.arn, Name: secret.name };
    },

    ListSecrets: (input) => pageOfSecrets(input, [...secrets.values()]),
    GetResourcePolicy: (input) => resourcePolicyOf(usable(ById.parse(input).SecretId)),
    ListSecretVersionIds(input) {
      const secret = find(ById.parse(input).SecretId);
      const Versions = [...secret.versions.values()]
        .filter(({ stages }) => stages.size > 0)
        .map(({ id, stages, createdAt }) => ({
          VersionId: id,
          VersionStages: [...stages],
          CreatedDate: seconds(createdAt),
        }));
      return { ARN: secret.arn, Name: secret.name, Versions };
    },

    RotateSecret(input) {
      const secret = find(ById.parse(input).SecretId);
      const unfinished = labelled(secret, 'AWSPENDING');
      if (unfinished && !unfinished.stages.has('AWSCURRENT')) {
        onRotate(secret, unfinished.id);
        throw new AwsError(
          'InvalidRequestException',
          "A previous rotation isn't complete. That rotation will be reattempted.",
        );
      }
      secret.rotateEveryDays ??= secret.cancelledDays; // it is switched on again
      const version = addVersion(secret, randomUUID());
      putLabel(secret, 'AWSPENDING', version);
      onRotate(secret, version.id);
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id };
    },
  };

  return {
    operations,
    find,
    /** `aws secretsmanager delete-secret --force-delete-without-recovery` */
    delete: (name: string): void => void secrets.delete(name),
    all: (): readonly StoredSecret[] => [...secrets.values()],
    /** The value of the version with a label. */
    valueAt: (name: string, stage: string) => labelled(find(name), stage)?.value,

    create(name: string, given: Partial<StoredSecret & { value: string }> = {}): StoredSecret {
      const { value, rotateEveryDays, readers, ...more } = given;
      const secret: StoredSecret = {
        ...more,
        name,
        arn: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-LoCaL1`,
        createdAt: now(),
        versions: new Map(),
        readers,
        rotateEveryDays,
        lastRotatedAt: undefined,
        nextRotationAt: undefined,
        lastAccessedAt: undefined,
      };
      secrets.set(name, secret);
      if (value !== undefined)
        putLabel(secret, 'AWSCURRENT', addVersion(secret, randomUUID(), value));
      return secret;
    },
  };
}

export function labelled({ versions }: StoredSecret, stage: string): Version | undefined {
  return [...versions.values()].find(({ stages }) => stages.has(stage));
}

/** A label is on one version at a time; the version that loses AWSCURRENT gets AWSPREVIOUS. */
function putLabel(secret: StoredSecret, stage: string, version: Version): void {
  const before = labelled(secret, stage);
  if (before === version) return;
  before?.stages.delete(stage);
  version.stages.add(stage);
  if (stage !== 'AWSCURRENT' || !before) return;
  labelled(secret, 'AWSPREVIOUS')?.stages.delete('AWSPREVIOUS');
  before.stages.add('AWSPREVIOUS');
}
