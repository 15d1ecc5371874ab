import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { EVIDENCE_PREFIX } from '../../governance/audit/report/evidence-files.js';
import { acknowledgeWildcard, logicalId } from '../platform/acknowledge.js';

export interface EvidenceBucketProps {
  readonly encryptionKey: IKey;

  /** How long the evidence of each audit is kept. */
  readonly retention: Duration;

  /**
   * Whether deleting the stack also deletes the evidence; CDK's own function then empties the bucket.
   *
   * @default false: the bucket is kept
   */
  readonly ephemeral?: boolean;
}

const PREFIX: typeof EVIDENCE_PREFIX = 'evidence/';

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

/** Reports and inventories of all audits: versioned, encrypted, TLS only, never public. */
export class EvidenceBucket extends Construct {
  readonly bucketName: string;

  private readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: EvidenceBucketProps) {
    super(scope, id);

    const { encryptionKey, retention, ephemeral = false } = props;
    const getsCheaper = retention.toDays() > RARELY_READ_AFTER.toDays();
    this.bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
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
    if (!ephemeral) this.denyDeletion();
    Validations.of(this.bucket).acknowledge(...ACKNOWLEDGED);
  }

  /**
   * What was stored stays as a version until the lifecycle ends it: for everybody but CloudFormation and the
   * account's root user, who own the bucket.
   */
  private denyDeletion(): void {
    const { partition, account } = Stack.of(this);
    const ofAccount = (resource: string) => `arn:${partition}:iam::${account}:${resource}`;
    this.bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'EvidenceStays',
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: [
          's3:DeleteObject',
          's3:DeleteObjectVersion',
          's3:PutBucketVersioning',
          's3:PutLifecycleConfiguration',
        ],
        resources: [this.bucket.bucketArn, this.bucket.arnForObjects('*')],
        conditions: {
          ArnNotLike: {
            'aws:PrincipalArn': [ofAccount('root'), ofAccount('role/cdk-*-cfn-exec-role-*')],
          },
          'ForAllValues:StringNotEquals': { 'aws:CalledVia': ['cloudformation.amazonaws.com'] },
        },
      }),
    );
  }

  /** Lets a function add evidence: not read it, nor list or delete any. */
  grantKeep(role: iam.IRole): void {
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['s3:PutObject'],
        resources: [this.bucket.arnForObjects(`${PREFIX}*`)],
      }),
    );
    this.bucket.encryptionKey?.grantEncrypt(role);
    acknowledgeWildcard(
      role,
      `<${logicalId(this.bucket)}.Arn>/${PREFIX}*`,
      'each audit has files of its own below this prefix',
    );
  }
}
