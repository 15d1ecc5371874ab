import * as z from 'zod';
import { AwsError, seconds } from './aws-json.js';

export interface Version {
  readonly id: string;
  readonly createdAt: Date;
  value: string | undefined;
  /** Of a value that is not text, in base64. */
  binary?: string | undefined;
  readonly stages: Set<string>;
}

export interface StoredSecret {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: Date;
  readonly versions: Map<string, Version>;
  /** The policy that was put, if one was. */
  resourcePolicy?: string | undefined;
  /** Until then it can be restored. */
  deletedAt?: Date | undefined;
  /** The function that rotates it, where that is not this product's. */
  rotatedBy?: string | undefined;
  /** Of which region's secret it is a copy. */
  readonly primaryRegion?: string | undefined;
  /** Why no one may use it. */
  denied?: string | undefined;
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
    RotationLambdaARN: secret.rotatedBy,
    PrimaryRegion: secret.primaryRegion,
    DeletedDate: seconds(secret.deletedAt),
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
export function resourcePolicyOf({ arn, name, readers, resourcePolicy }: StoredSecret) {
  if (resourcePolicy !== undefined) {
    return { ARN: arn, Name: name, ResourcePolicy: resourcePolicy };
  }
  const Condition = { ArnNotLike: { 'aws:PrincipalArn': readers } };
  const policy = { Statement: [{ Sid: 'DenyOtherReaders', Effect: 'Deny', Condition }] };
  return { ARN: arn, Name: name, ...(readers && { ResourcePolicy: JSON.stringify(policy) }) };
}

/** What Secrets Manager takes as a value, and as labels on all versions of a secret. */
const MOST_BYTES = 65_536;
const MOST_LABELS = 20;

export function limitValue(value: string): void {
  if (Buffer.byteLength(value) <= MOST_BYTES) return;
  throw new AwsError('InvalidParameterException', 'the value is longer than 65536 bytes');
}

/** All labels of all versions of a secret count. */
export function limitLabels({ versions }: StoredSecret, added: readonly string[]): void {
  const labels = new Set([...versions.values()].flatMap(({ stages }) => [...stages]));
  for (const label of added) labels.add(label);
  if (labels.size <= MOST_LABELS) return;
  throw new AwsError('LimitExceededException', 'the secret has 20 labels already');
}

const ListSchema = z.object({
  NextToken: z.string().optional(),
  MaxResults: z.number().optional(),
});

/** Of ListSecrets. */
export function pageOfSecrets(input: unknown, all: readonly StoredSecret[]) {
  const { NextToken = '0', MaxResults = 100 } = ListSchema.parse(input);
  const end = Number(NextToken) + MaxResults;
  const page = all.slice(Number(NextToken), end);
  return {
    SecretList: page.map(({ arn, name }) => ({ ARN: arn, Name: name })),
    ...(end < all.length && { NextToken: String(end) }),
  };
}
