import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { EVIDENCE_PREFIX } from '../../governance/audit/report/evidence-files.js';
import { FUNCTION_ENVIRONMENT } from '../../supply-chain/function-environment.js';
import { aPolicy } from '../support/builders.js';
import { resourceGrants } from '../support/iam.js';
import { synthesize } from '../support/synth.js';

const { template, workspace } = synthesize();

test('every key of the policy is a secret of its name, encrypted with our key', () => {
  const secrets = workspace('prod-workspace').findResources('AWS::SecretsManager::Secret');
  expect(Object.values(secrets).map(({ Properties }) => Properties.Name)).toEqual([
    'mistral/prod-workspace/checkout-service-key',
    'mistral/prod-workspace/search-service-key',
    'mistral/prod-workspace/gateway',
  ]);
  workspace('prod-workspace').allResourcesProperties('AWS::SecretsManager::Secret', {
    KmsKeyId: Match.anyValue(),
    GenerateSecretString: Match.absent(),
    SecretString: Match.absent(),
  });
});

test('a secret rotates at its interval, and not because of a deploy', () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].keys[0].rotateEveryDays = 45;
  });
  synthesize(policy)
    .workspace('dev-workspace')
    .hasResource('AWS::SecretsManager::RotationSchedule', {
      Properties: {
        RotateImmediatelyOnUpdate: false,
        RotationRules: { ScheduleExpression: 'rate(45 days)' },
      },
      DependsOn: [Match.stringLikeRegexp('Policy')],
    });
});

test('a workspace without keys needs no stack', () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].keys = [];
    document.gateway.enabled = false;
  });
  synthesize(policy).template.resourceCountIs('AWS::CloudFormation::Stack', 2);
});

test('new keys are provisioned by the deploy, after all that a rotation needs', () => {
  const [trigger] = Object.values(template.findResources('Custom::Trigger'));
  const dependencies: string[] = trigger?.DependsOn ?? [];
  expect(dependencies.filter((id) => id.includes('NestedStack'))).toHaveLength(3);
  expect(dependencies.some((id) => id.startsWith('RotationSecretsManager'))).toBe(true);
});

test('the audit runs on its schedule in its time zone, and what cannot be started is kept', () => {
  const policy = aPolicy((document) => {
    document.audit = { schedule: 'cron(30 3 * * ? *)', timezone: 'Europe/Paris' };
  });
  synthesize(policy).template.hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'cron(30 3 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Paris',
    Target: {
      DeadLetterConfig: { Arn: Match.anyValue() },
      RetryPolicy: { MaximumRetryAttempts: 5 },
    },
  });
});

test('spend is checked every 15 minutes, and a late run is not repeated', () => {
  template.hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'rate(15 minutes)',
    Target: { RetryPolicy: { MaximumEventAgeInSeconds: 900 } },
  });
});

test('every log is encrypted with our key', () => {
  template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue() });
});

test('an alert that a subscriber does not take is kept', () => {
  template.allResourcesProperties('AWS::SNS::Subscription', {
    RedrivePolicy: { deadLetterTargetArn: Match.anyValue() },
  });
});

test('subscribers get the alerts that their filters select', () => {
  const policy = aPolicy((document) => {
    document.alerts.subscriptions = [
      { protocol: 'email', endpoint: 'oncall@example.com', filter: { severity: ['critical'] } },
      { protocol: 'lambda', endpoint: 'arn:aws:lambda:eu-west-1:111122223333:function:page' },
    ];
  });
  const { template: subscribed } = synthesize(policy);
  subscribed.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'oncall@example.com',
    FilterPolicy: { severity: ['critical'] },
  });
  const [permission] = Object.values(
    subscribed.findResources('AWS::Lambda::Permission', {
      Properties: {
        FunctionName: 'arn:aws:lambda:eu-west-1:111122223333:function:page',
        Principal: 'sns.amazonaws.com',
      },
    }),
  );
  // Only where the deploy may change the function's policy.
  expect(subscribed.toJSON().Conditions[permission?.Condition]).toEqual({
    'Fn::And': [
      { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '111122223333'] },
      { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
    ],
  });
});

test('what is remembered survives: recovery, expiry, no deletion by accident', () => {
  template.resourceCountIs('AWS::DynamoDB::Table', 3);
  template.allResources('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Retain',
    Properties: {
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      SSESpecification: { SSEType: 'KMS' },
    },
  });
  template.hasResource('AWS::KMS::Key', {
    DeletionPolicy: 'Retain',
    Properties: { EnableKeyRotation: true },
  });
});

test('a secret outlives its stack, but not a deploy that failed: its name must be free for the next', () => {
  workspace('dev-workspace').allResources('AWS::SecretsManager::Secret', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  });
});

test('a secret whose key left the policy stays guarded', () => {
  workspace('dev-workspace').allResources('AWS::SecretsManager::ResourcePolicy', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  });
});

/** Whom no denial of changes holds for. */
const OWNERS =
  'arn:AWS::Partition:iam::AWS::AccountId:root arn:AWS::Partition:iam::AWS::AccountId:role/cdk-*-cfn-exec-role-* and BoolIfExists aws:PrincipalIsAWSService false and ForAllValues:StringNotEquals aws:CalledVia cloudformation.amazonaws.com';

test('evidence is versioned, encrypted with our key, never public, and outlives the stack', () => {
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EncryptionKey'), 'Arn'] },
            },
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    },
  });
  const policies = Object.values(template.findResources('AWS::S3::BucketPolicy'));
  expect(policies.map((one) => resourceGrants(one.Properties.PolicyDocument))).toEqual([
    [
      'deny s3:* to * when Bool aws:SecureTransport false',
      `deny s3:BypassGovernanceRetention, s3:DeleteObject, s3:DeleteObjectVersion to * when ArnNotLike aws:PrincipalArn ${OWNERS}`,
      `deny s3:DeleteBucket, s3:DeleteBucketPolicy, s3:PutBucketAcl, s3:PutBucketObjectLockConfiguration, s3:PutBucketOwnershipControls, s3:PutBucketPolicy, s3:PutBucketPublicAccessBlock, s3:PutBucketVersioning, s3:PutEncryptionConfiguration, s3:PutLifecycleConfiguration, s3:PutReplicationConfiguration to * when ArnNotLike aws:PrincipalArn arn:aws:iam::111122223333:role/platform-admin ${OWNERS}`,
      'deny s3:PutObject to * when ArnNotEquals aws:PrincipalArn AuditFunctionRole',
      'deny s3:PutObject to * when Null s3:if-none-match true',
    ],
  ]);
});

test.each([
  [2557, [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }]],
  [60, undefined],
])(
  'evidence is kept for the %i days of the policy, and costs less once it is old',
  (days, Transitions) => {
    const policy = aPolicy((document) => {
      document.audit.evidenceRetentionDays = days;
    });
    const [bucket] = Object.values(synthesize(policy).template.findResources('AWS::S3::Bucket'));
    expect(bucket?.Properties.LifecycleConfiguration.Rules[0]).toEqual({
      Id: 'Evidence',
      Prefix: EVIDENCE_PREFIX,
      Status: 'Enabled',
      ExpirationInDays: days,
      NoncurrentVersionExpiration: { NoncurrentDays: days },
      Transitions,
    });
  },
);

test('the audit lists nothing but evidence', () => {
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 's3:ListBucket',
          Condition: { StringLike: { 's3:prefix': `${EVIDENCE_PREFIX}*` } },
        }),
      ]),
    },
  });
});

test.each([
  ['governance', undefined, { Mode: 'GOVERNANCE', Days: 2557 }],
  ['compliance', 400, { Mode: 'COMPLIANCE', Days: 400 }],
] as const)('evidence is locked by %s for %s days', (lock, lockDays, DefaultRetention) => {
  const policy = aPolicy((document) => {
    document.evidence = { lock, lockDays };
  });
  const [bucket] = Object.values(synthesize(policy).template.findResources('AWS::S3::Bucket'));
  expect(bucket).toMatchObject({
    UpdateReplacePolicy: 'Retain',
    Properties: {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
      VersioningConfiguration: { Status: 'Enabled' },
    },
  });
  expect(() => synthesize(policy, { ephemeral: true })).toThrow(
    `evidence.lock is ${lock}, so S3 would not let an ephemeral stack delete its evidence`,
  );
});

test('evidence is not locked unless the policy says so', () => {
  const [bucket] = Object.values(template.findResources('AWS::S3::Bucket'));
  expect(bucket?.Properties).not.toHaveProperty('ObjectLockEnabled');
});

test('an ephemeral stack goes without leaving anything', () => {
  const ephemeral = synthesize(aPolicy(), { ephemeral: true });
  ephemeral.template.allResources('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Delete',
    Properties: { DeletionProtectionEnabled: false },
  });
  ephemeral.template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Delete' });
  for (const type of ['AWS::SecretsManager::Secret', 'AWS::SecretsManager::ResourcePolicy']) {
    ephemeral.workspace('dev-workspace').allResources(type, { DeletionPolicy: 'Delete' });
  }
  ephemeral.template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  ephemeral.template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
});

test('every function of ours is small, traced and keeps its log for a year', () => {
  const functions = template.findResources('AWS::Lambda::Function', {
    Properties: { Runtime: 'nodejs24.x', Architectures: ['arm64'] },
  });
  expect(Object.keys(functions)).toHaveLength(10);
  for (const { Properties } of Object.values(functions)) {
    expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
    expect(Properties.LoggingConfig.LogFormat).toBe('JSON');
  }
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
});

test('every variable of a function is known to what starts all functions by themselves', () => {
  const optional = ['STACK_NAME', 'ENVIRONMENT_NAME', 'LAMBDA_TASK_ROOT'];
  const names = Object.values(template.findResources('AWS::Lambda::Function')).flatMap(
    ({ Properties }) => Object.keys(Properties.Environment?.Variables ?? {}),
  );
  const known = [...Object.keys(FUNCTION_ENVIRONMENT), ...optional];
  expect(names.filter((name) => !known.includes(name))).toEqual([]);
});

test('operators find the parts by the names of their outputs', () => {
  expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
    'AlertsTopicArn',
    'AuditFunctionName',
    'EvidenceBucketName',
    'GatewayUrl',
    'ObjectsTableName',
    'QuotaTableName',
    'RetirementStateMachineArn',
    'RotationFunctionName',
    'SpendMonitorFunctionName',
  ]);
});

test('the gateway streams to callers that sign, from the accounts that the policy names', () => {
  template.hasResourceProperties('AWS::Lambda::Url', {
    AuthType: 'AWS_IAM',
    InvokeMode: 'RESPONSE_STREAM',
  });
  template.hasResourceProperties('AWS::Lambda::Permission', {
    Action: 'lambda:InvokeFunctionUrl',
    Principal: '111122223333',
    FunctionUrlAuthType: 'AWS_IAM',
  });
  template.hasResourceProperties('AWS::Lambda::Permission', {
    Action: 'lambda:InvokeFunction',
    Principal: '111122223333',
    InvokedViaFunctionUrl: true,
  });
});

test('a policy without gateway deploys nothing of it', () => {
  const policy = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  const without = synthesize(policy);
  without.template.resourceCountIs('AWS::Lambda::Url', 0);
  expect(JSON.stringify(without.template.toJSON())).not.toMatch(/gateway/i);
  expect(JSON.stringify(without.workspace('prod-workspace').toJSON())).not.toMatch(/gateway/i);
});
