import { expect, test } from 'vitest';
import { aPolicy } from '../support/builders.js';
import { grants, resourceGrants } from '../support/iam.js';
import { synthesize } from '../support/synth.js';

const { template, workspace } = synthesize();
const roles = grants(template);

const ADMIN_KEY =
  'secretsmanager:GetSecretValue on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:mistral/admin-api-key-??????';
/** Whether a secret is there: where it is gone, so is its own policy. */
const DESCRIBE =
  'secretsmanager:DescribeSecret on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:mistral/*';
const EXECUTIONS =
  'arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution:RetirementStateMachine:*';
const PUT_EVENTS =
  'events:PutEvents on arn:AWS::Partition:events:AWS::Region:AWS::AccountId:event-bus/default';
const TRACES = ['xray:PutTelemetryRecords on *', 'xray:PutTraceSegments on *'];
const ENCRYPT = [
  'kms:Decrypt on EncryptionKey',
  'kms:Encrypt on EncryptionKey',
  'kms:GenerateDataKey* on EncryptionKey',
  'kms:ReEncrypt* on EncryptionKey',
];
/** Whom no denial is for, and under which conditions. */
const OWNERS =
  'arn:aws:iam::111122223333:role/platform-admin arn:AWS::Partition:iam::AWS::AccountId:root arn:AWS::Partition:iam::AWS::AccountId:role/cdk-*-cfn-exec-role-* and BoolIfExists aws:PrincipalIsAWSService false and ForAllValues:StringNotEquals aws:CalledVia cloudformation.amazonaws.com';

/** The grants of every function, and those of this one in addition. */
function allOf(functionId: string, ...more: string[]): string[] {
  const logs = ['CreateLogStream', 'PutLogEvents'].map(
    (action) => `logs:${action} on ${functionId}Logs`,
  );
  return [...logs, ...TRACES, ...more].sort();
}

test.each([
  [
    'RotationFunction',
    [
      ADMIN_KEY,
      DESCRIBE,
      ...ENCRYPT,
      'dynamodb:PutItem on RecordsTable',
      PUT_EVENTS,
      'sns:Publish on AlertsTopic',
      'states:StartExecution on RetirementStateMachine',
    ],
  ],
  [
    'AuditFunction',
    [
      ADMIN_KEY,
      DESCRIBE,
      ...ENCRYPT,
      'dynamodb:BatchGetItem on ObjectsTable',
      'dynamodb:DeleteItem on RecordsTable',
      'dynamodb:GetItem on RecordsTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      's3:GetObject on EvidenceBucket/evidence/manifests/*',
      's3:ListBucket on EvidenceBucket',
      's3:PutObject on EvidenceBucket/evidence/*',
      PUT_EVENTS,
      'sns:Publish on AlertsTopic',
      `states:DescribeExecution on ${EXECUTIONS}`,
      'states:ListExecutions on RetirementStateMachine',
    ],
  ],
  [
    'SpendMonitorFunction',
    [
      ADMIN_KEY,
      ...ENCRYPT,
      'dynamodb:DeleteItem on RecordsTable',
      'dynamodb:GetItem on QuotasTable',
      'dynamodb:UpdateItem on QuotasTable',
      'dynamodb:DeleteItem on ObjectsTable',
      'dynamodb:PutItem on ObjectsTable', // records of jobs
      'dynamodb:PutItem on ObjectsTable', // whose a job is
      'dynamodb:Query on ObjectsTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      PUT_EVENTS,
      'sns:Publish on AlertsTopic',
    ],
  ],
  [
    'ProvisioningFunction',
    [
      DESCRIBE,
      ...ENCRYPT,
      'dynamodb:DeleteItem on RecordsTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      'lambda:InvokeFunction on RotationFunction',
      'states:StartExecution on RetirementStateMachine',
    ],
  ],
  ['RetirementFunctionsVerify', [ADMIN_KEY, DESCRIBE, 'kms:Decrypt on EncryptionKey']],
  ['RetirementFunctionsRevoke', [ADMIN_KEY, DESCRIBE, 'kms:Decrypt on EncryptionKey']],
  ['RetirementFunctionsConfirm', [ADMIN_KEY, 'kms:Decrypt on EncryptionKey']],
  ['RetirementFunctionsRollBack', [ADMIN_KEY, DESCRIBE, 'kms:Decrypt on EncryptionKey']],
  [
    'GatewayFunction',
    [
      ...ENCRYPT,
      'dynamodb:DeleteItem on ObjectsTable',
      'dynamodb:GetItem on ObjectsTable',
      'dynamodb:PutItem on ObjectsTable',
      'dynamodb:Query on ObjectsTable/index/ownedAt',
      'dynamodb:Query on ObjectsTable/index/sharedAt',
      'dynamodb:GetItem on QuotasTable',
      'dynamodb:UpdateItem on QuotasTable',
      PUT_EVENTS,
      'sns:Publish on AlertsTopic',
    ],
  ],
  [
    'RetirementFunctionsNotify',
    [
      ...ENCRYPT,
      'dynamodb:PutItem on RecordsTable',
      PUT_EVENTS,
      'sns:Publish on AlertsTopic',
      `states:GetExecutionHistory on ${EXECUTIONS}`,
    ],
  ],
])('%s may do this and nothing else', (functionId, expected) => {
  expect(roles[`${functionId}Role`]).toEqual(allOf(functionId, ...expected));
});

test("where the bill's prices count, the audit may publish them, and no more of the quota table", () => {
  const billed = synthesize(
    aPolicy((document) => {
      document.prices = { source: 'bill' };
    }),
  );
  const { AuditFunctionRole = [], ...others } = grants(billed.template);
  const { AuditFunctionRole: usual = [], ...unchanged } = roles;
  expect(AuditFunctionRole).toEqual(
    [...usual, 'dynamodb:GetItem on QuotasTable', 'dynamodb:PutItem on QuotasTable'].sort(),
  );
  expect(others).toEqual(unchanged);
  const statements = Object.values(billed.template.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Action, Condition }) => [Action].flat().includes('dynamodb:PutItem') && Condition);
  expect(statements.map(({ Condition }) => Condition)).toEqual([
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['prices'] } },
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['unsettled#*'] } },
    { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['batch#*'] } },
  ]);
});

test('events go to the named bus alone, in this account or another, and none with the source of others', () => {
  const busName = 'arn:aws:events:eu-west-1:444455556666:event-bus/platform';
  const named = synthesize(
    aPolicy((document) => {
      document.events = { busName };
    }),
  );
  const statements = Object.values(named.template.findResources('AWS::IAM::Policy'))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Action }) => Action === 'events:PutEvents');
  expect(statements).toHaveLength(5);
  for (const { Resource, Condition } of statements) {
    expect(Resource).toBe(busName);
    expect(Condition).toEqual({ StringEquals: { 'events:source': 'mistral-governance' } });
  }
});

test('the flow may call its five tasks, write its log and traces', () => {
  const tasks = ['Confirm', 'Notify', 'Revoke', 'RollBack', 'Verify'].map(
    (task) => `lambda:InvokeFunction on RetirementFunctions${task}`,
  );
  const delivery = [
    'CreateLogDelivery',
    'DeleteLogDelivery',
    'DescribeLogGroups',
    'DescribeResourcePolicies',
    'GetLogDelivery',
    'ListLogDeliveries',
    'PutResourcePolicy',
    'UpdateLogDelivery',
  ].map((action) => `logs:${action} on *`);
  const traces = [...TRACES, 'xray:GetSamplingRules on *', 'xray:GetSamplingTargets on *'];
  expect(roles.RetirementStateMachineRole).toEqual([...tasks, ...delivery, ...traces].sort());
});

test.each(['Audit', 'SpendMonitor'])(
  'the scheduler may start %s, and keep what it could not start',
  (job) => {
    expect(roles[`${job}ScheduleRole`]).toEqual([
      `lambda:InvokeFunction on ${job}Function`,
      `sqs:SendMessage on ${job}ScheduleDeadLetters`,
    ]);
  },
);

test('services that restart after a rotation are refreshed by one function, each by its name', () => {
  const refreshing = synthesize(
    aPolicy((document) => {
      document.workspaces[0].keys[0].refresh = [
        { ecs: { cluster: 'main', service: 'search' } },
        { lambda: { function: 'answers' } },
        { eventOnly: true },
        {
          ecs: { cluster: 'main', service: 'elsewhere' },
          assumeRole: 'arn:aws:iam::444455556666:role/refresh',
        },
      ];
    }),
  );
  const { RetirementFunctionsRefreshRole: own, ...others } = grants(refreshing.template);
  const service = 'arn:AWS::Partition:ecs:AWS::Region:AWS::AccountId:service/main/search';
  const fn = 'arn:AWS::Partition:lambda:AWS::Region:AWS::AccountId:function:answers';
  expect(own).toEqual(
    allOf(
      'RetirementFunctionsRefresh',
      `ecs:DescribeServices on ${service}`,
      `ecs:UpdateService on ${service}`,
      `lambda:GetFunctionConfiguration on ${fn}`,
      `lambda:UpdateFunctionConfiguration on ${fn}`,
      'sts:AssumeRole on arn:aws:iam::444455556666:role/refresh',
    ),
  );
  const invoke = 'lambda:InvokeFunction on RetirementFunctionsRefresh';
  expect(others).toEqual({
    ...roles,
    RetirementStateMachineRole: [...(roles.RetirementStateMachineRole ?? []), invoke].sort(),
  });
});

test('the scheduler may start the provisioning each hour, and no more', () => {
  expect(roles.ProvisioningRole).toEqual(['lambda:InvokeFunction on ProvisioningFunction']);
});

test('no role is without a test of its grants', () => {
  expect(Object.keys(roles)).toHaveLength(14);
});

test('the value of a secret is for its readers and those of ours who need it, over TLS', () => {
  const policies = workspace('dev-workspace').findResources('AWS::SecretsManager::ResourcePolicy');
  expect(
    Object.values(policies).map((one) => resourceGrants(one.Properties.ResourcePolicy)),
  ).toEqual([
    [
      'allow DescribeSecret, GetResourcePolicy, GetSecretValue, ListSecretVersionIds to AuditFunctionRole',
      'allow DescribeSecret, GetSecretValue to * when ArnLike aws:PrincipalArn arn:aws:iam::111122223333:role/developer and StringEquals aws:PrincipalAccount 111122223333',
      'allow DescribeSecret, GetSecretValue to RetirementFunctionsRevokeRole RetirementFunctionsVerifyRole',
      'allow DescribeSecret, GetSecretValue, PutSecretValue, UpdateSecretVersionStage to RotationFunctionRole',
      'allow DescribeSecret, GetSecretValue, RotateSecret to ProvisioningFunctionRole',
      'allow DescribeSecret, GetSecretValue, UpdateSecretVersionStage to RetirementFunctionsRollBackRole',
      'allow GetSecretValue to RetirementFunctionsConfirmRole',
      'deny * to * when Bool aws:SecureTransport false',
      'deny CancelRotateSecret, DeleteResourcePolicy, DeleteSecret, PutResourcePolicy, PutSecretValue, RemoveRegionsFromReplication, ReplicateSecretToRegions, RestoreSecret, RotateSecret, StopReplicationToReplica, TagResource, UntagResource, UpdateSecret, UpdateSecretVersionStage to * when ArnNotLike aws:PrincipalArn RotationFunctionRole RetirementFunctionsRollBackRole ProvisioningFunctionRole arn:aws:iam::111122223333:role/platform-admin arn:AWS::Partition:iam::AWS::AccountId:root arn:AWS::Partition:iam::AWS::AccountId:role/cdk-*-cfn-exec-role-* and BoolIfExists aws:PrincipalIsAWSService false and ForAllValues:StringNotEquals aws:CalledVia cloudformation.amazonaws.com',
      'deny GetSecretValue to * when ArnNotLike aws:PrincipalArn RotationFunctionRole RetirementFunctionsVerifyRole RetirementFunctionsRevokeRole RetirementFunctionsConfirmRole RetirementFunctionsRollBackRole AuditFunctionRole ProvisioningFunctionRole arn:aws:iam::111122223333:role/developer',
    ],
    [
      'allow DescribeSecret, GetResourcePolicy, GetSecretValue, ListSecretVersionIds to AuditFunctionRole',
      'allow DescribeSecret, GetSecretValue to RetirementFunctionsRevokeRole RetirementFunctionsVerifyRole',
      'allow DescribeSecret, GetSecretValue, PutSecretValue, UpdateSecretVersionStage to RotationFunctionRole',
      'allow DescribeSecret, GetSecretValue, RotateSecret to ProvisioningFunctionRole',
      'allow DescribeSecret, GetSecretValue, UpdateSecretVersionStage to RetirementFunctionsRollBackRole',
      'allow GetSecretValue to GatewayFunctionRole RetirementFunctionsConfirmRole SpendMonitorFunctionRole',
      'deny * to * when Bool aws:SecureTransport false',
      'deny CancelRotateSecret, DeleteResourcePolicy, DeleteSecret, PutResourcePolicy, PutSecretValue, RemoveRegionsFromReplication, ReplicateSecretToRegions, RestoreSecret, RotateSecret, StopReplicationToReplica, TagResource, UntagResource, UpdateSecret, UpdateSecretVersionStage to * when ArnNotLike aws:PrincipalArn RotationFunctionRole RetirementFunctionsRollBackRole ProvisioningFunctionRole arn:aws:iam::111122223333:role/platform-admin arn:AWS::Partition:iam::AWS::AccountId:root arn:AWS::Partition:iam::AWS::AccountId:role/cdk-*-cfn-exec-role-* and BoolIfExists aws:PrincipalIsAWSService false and ForAllValues:StringNotEquals aws:CalledVia cloudformation.amazonaws.com',
      'deny GetSecretValue to * when ArnNotLike aws:PrincipalArn RotationFunctionRole RetirementFunctionsVerifyRole RetirementFunctionsRevokeRole RetirementFunctionsConfirmRole RetirementFunctionsRollBackRole AuditFunctionRole ProvisioningFunctionRole GatewayFunctionRole SpendMonitorFunctionRole',
    ],
  ]);
});

test('the encryption key serves readers through Secrets Manager, alarms and log groups', () => {
  const keys = template.findResources('AWS::KMS::Key');
  expect(Object.values(keys).map((key) => resourceGrants(key.Properties.KeyPolicy))).toEqual([
    [
      'allow kms:* to arn:AWS::Partition:iam::AWS::AccountId:root',
      'allow kms:Decrypt, kms:DescribeKey to * when StringEquals kms:CallerAccount 111122223333 and kms:ViaService secretsmanager.AWS::Region.AWS::URLSuffix',
      'allow kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey*, kms:ReEncrypt* to logs.AWS::Region.AWS::URLSuffix when ArnLike kms:EncryptionContext:aws:logs:arn arn:AWS::Partition:logs:AWS::Region:AWS::AccountId:log-group:*',
      'allow kms:Decrypt, kms:GenerateDataKey* to cloudwatch.amazonaws.com when StringEquals aws:SourceAccount AWS::AccountId',
      `deny kms:DisableKey, kms:DisableKeyRotation, kms:PutKeyPolicy, kms:ScheduleKeyDeletion to * when ArnNotLike aws:PrincipalArn ${OWNERS}`,
    ],
  ]);
});

test('the topic takes messages of our functions, administrators and alarms of this account, over TLS', () => {
  const policies = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
  expect(policies.map((one) => resourceGrants(one.Properties.PolicyDocument))).toEqual([
    [
      'allow sns:Publish to cloudwatch.amazonaws.com when StringEquals aws:SourceAccount AWS::AccountId',
      `deny sns:AddPermission, sns:DeleteTopic, sns:RemovePermission, sns:SetTopicAttributes to * when ArnNotLike aws:PrincipalArn ${OWNERS}`,
      `deny sns:Publish to * when ArnNotLike aws:PrincipalArn RetirementFunctionsNotifyRole RotationFunctionRole AuditFunctionRole SpendMonitorFunctionRole GatewayFunctionRole ${OWNERS}`,
      'deny sns:Publish to * when Bool aws:SecureTransport false',
    ],
  ]);
});

test('from outside, only Secrets Manager of this account and callers of the gateway may call anything', () => {
  template.hasResourceProperties('AWS::Lambda::Permission', {
    Action: 'lambda:InvokeFunction',
    Principal: 'secretsmanager.amazonaws.com',
    SourceAccount: { Ref: 'AWS::AccountId' },
  });
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
  expect(
    permissions.map(({ Properties }) => `${Properties.Action} ${Properties.Principal}`),
  ).toEqual([
    'lambda:InvokeFunction secretsmanager.amazonaws.com',
    'lambda:InvokeFunctionUrl 111122223333',
    'lambda:InvokeFunction 111122223333',
  ]);
});
