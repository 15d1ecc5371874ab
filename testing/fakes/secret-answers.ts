import { seconds } from './aws-json.js';

export interface Version {
  readonly id: string;
  readonly createdAt: Date;
  value: string | undefined;
  readonly stages: Set<string>;
}

export interface StoredSecret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date;
  readonly versions: Map<string, Version>;
  /** Whom its policy lets read it. @default it has none */
  readonly readers: readonly string[] | undefined;
  /** Absent for a secret without rotation. */
  rotateEveryDays: number | undefined;
  /** What it was until the rotation was cancelled. */
  cancelledDays?: number | undefined;
  lastRotatedAt: Date | undefined;
  nextRotationAt: Date | undefined;
  /** The day of the last read. */
  lastAccessedAt: Date | undefined;
}

export function describe(secret: StoredSecret) {
  const labelledVersions = [...secret.versions.values()].filter(({ stages }) => stages.size > 0);
  return {
    ARN: secret.arn,
    Name: secret.name,
    RotationEnabled: secret.rotateEveryDays !== undefined,
    CreatedDate: seconds(secret.createdAt),
    LastRotatedDate: seconds(secret.lastRotatedAt),
    NextRotationDate: seconds(secret.nextRotationAt),
    LastAccessedDate: seconds(secret.lastAccessedAt),
    ...(labelledVersions.length > 0 && {
      VersionIdsToStages: Object.fromEntries(
        labelledVersions.map(({ id, stages }) => [id, [...stages]]),
      ),
    }),
  };
}

/** Of a secret's policy only who is not denied its value, as `lib/keys/secret-access.ts` writes it. */
export function resourcePolicyOf({ arn, name, readers }: StoredSecret) {
  const Condition = { ArnNotLike: { 'aws:PrincipalArn': readers } };
  const policy = { Statement: [{ Sid: 'DenyOtherReaders', Effect: 'Deny', Condition }] };
  return { ARN: arn, Name: name, ...(readers && { ResourcePolicy: JSON.stringify(policy) }) };
}
