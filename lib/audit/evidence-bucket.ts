import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { MANIFESTS_PREFIX } from '../../governance/audit/chain/manifest.js';
import type { EVIDENCE_PREFIX } from '../../governance/audit/report/evidence-files.js';
import type { EvidencePolicy } from '../../governance/policy/policy.js';
import { acknowledgeWildcard, logicalId } from '../platform/acknowledge.js';
import { everybodyBut } from '../platform/owners.js';

export interface EvidenceBucketProps {
  readonly encryptionKey: IKey;

  /** How long the evidence of each audit is kept. */
  readonly retention: Duration;

  /** Whom S3 keeps from deleting a version before its lock ends, or from shortening that. */
  readonly lock: EvidencePolicy;

  /** Who may change the bucket by hand, besides the account's root user and CloudFormation. */
  readonly administrators: readonly string[];

  /**
   * Whether deleting the stack also deletes the evidence; CDK's own function then empties the bucket.
   *
   * @default false: the bucket is kept
   */
  readonly ephemeral?: boolean;
}

const PREFIX: typeof EVIDENCE_PREFIX = 'evidence/';
const MANIFESTS: typeof MANIFESTS_PREFIX = 'evidence/manifests/';

/** When evidence is rarely read any more, and cheaper storage is the better one. */
const RARELY_READ_AFTER = Duration.days(90);

const ACCESS_LOGS =
  'CloudTrail data events record who reads or writes evidence, in one place for the organization; access logs would need another bucket';

const ACKNOWLEDGED = [
  { id: 'AwsSolutions-S1', reason: ACCESS_LOGS },
  { id: 'NIST.800.53.R5-S3BucketLoggingEnabled', reason: ACCESS_LOGS },
  {
    id: 'NIST.800.53.R5-S3BucketReplicationEnabled',
    reason: 'evidence stays in the region that it is about; versions restore what was deleted',
  },
];

/** All by which evidence could be lost, hidden or kept from being written. */
const CHANGES = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutBucketAcl',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
  's3:PutReplicationConfiguration',
] as const;

/** Reports and inventories of all audits: versioned, encrypted, TLS only, never public. */
export class EvidenceBucket extends Construct {
  readonly bucketName: string;

  private readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: EvidenceBucketProps) {
    super(scope, id);

    const { encryptionKey, retention, lock, administrators, ephemeral = false } = props;
    if (ephemeral && lock.lock !== 'none') {
      throw new Error(
        `evidence.lock is ${lock.lock}, so S3 would not let an ephemeral stack delete its evidence: set it to none for stacks that are deleted with all that they hold`,
      );
    }
    const getsCheaper = retention.toDays() > RARELY_READ_AFTER.toDays();
    this.bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      objectLockDefaultRetention: lockOf(lock, retention),
      lifecycleRules: [
        {
          id: 'Evidence',
          prefix: PREFIX,
          expiration: retention,
          noncurrentVersionExpiration: retention,
          transitions: getsCheaper
            ? [
                {
                  storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL,
                  transitionAfter: RARELY_READ_AFTER,
                },
              ]
            : [],
        },
        {
          id: 'Leftovers',
          expiredObjectDeleteMarker: true,
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
      ],
      removalPolicy: ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      autoDeleteObjects: ephemeral,
    });
    this.bucketName = this.bucket.bucketName;
    this.denyReplacement();
    if (!ephemeral) this.denyLoss(administrators);
    Validations.of(this.bucket).acknowledge(...ACKNOWLEDGED);
  }

  /** S3 takes a file only where none is: not by a copy or in parts, either. */
  private denyReplacement(): void {
    this.deny('NothingIsReplaced', {
      actions: ['s3:PutObject'],
      resources: [this.bucket.arnForObjects('*')],
      conditions: { Null: { 's3:if-none-match': 'true' } },
    });
  }

  /** What was stored stays until the lifecycle ends it, and only who owns or administers the bucket changes that. */
  private denyLoss(administrators: readonly string[]): void {
    this.deny('EvidenceStays', {
      actions: ['s3:BypassGovernanceRetention', 's3:DeleteObject', 's3:DeleteObjectVersion'],
      resources: [this.bucket.arnForObjects('*')],
      conditions: everybodyBut([], this),
    });
    this.deny('DenyOthersToChange', {
      actions: [...CHANGES],
      resources: [this.bucket.bucketArn],
      conditions: everybodyBut(administrators, this),
    });
  }

  private deny(
    sid: string,
    statement: Pick<iam.PolicyStatementProps, 'actions' | 'resources' | 'conditions'>,
  ): void {
    this.bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid,
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        ...statement,
      }),
    );
  }

  /**
   * Lets a function alone add evidence: not replace or delete any, and read only the manifests, which name
   * each other.
   */
  grantKeep(role: iam.IRole): void {
    this.deny('OnlyTheAuditAdds', {
      actions: ['s3:PutObject'],
      resources: [this.bucket.arnForObjects('*')],
      conditions: { ArnNotEquals: { 'aws:PrincipalArn': role.roleArn } },
    });
    const allow = (actions: string[], resource: string, conditions?: iam.Conditions) =>
      role.addToPrincipalPolicy(
        new iam.PolicyStatement({ actions, resources: [resource], conditions }),
      );
    allow(['s3:PutObject'], this.bucket.arnForObjects(`${PREFIX}*`));
    allow(['s3:GetObject'], this.bucket.arnForObjects(`${MANIFESTS}*`));
    allow(['s3:ListBucket'], this.bucket.bucketArn, {
      StringLike: { 's3:prefix': `${PREFIX}*` },
    });
    this.bucket.encryptionKey?.grantEncrypt(role);
    acknowledgeWildcard(
      role,
      `<${logicalId(this.bucket)}.Arn>/${PREFIX}*`,
      'each audit has files of its own below this prefix',
    );
    acknowledgeWildcard(
      role,
      `<${logicalId(this.bucket)}.Arn>/${MANIFESTS}*`,
      'each audit has a manifest of its own below this prefix, and names the one before',
    );
  }
}

function lockOf({ lock, lockDays }: EvidencePolicy, retention: Duration) {
  const duration = lockDays === undefined ? retention : Duration.days(lockDays);
  if (lock === 'none') return undefined;
  return lock === 'governance'
    ? s3.ObjectLockRetention.governance(duration)
    : s3.ObjectLockRetention.compliance(duration);
}
