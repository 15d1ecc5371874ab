import { expect, test } from 'vitest';
import { anOperatorPolicy } from '../support/builders.js';
import { grants, resourceGrants } from '../support/iam.js';
import { synthesize } from '../support/synth.js';

// Without the Admin API: nothing may read its key, and nothing may make or store one.
const { template, workspace } = synthesize(
  anOperatorPolicy((document) => {
    document.gateway = { enabled: true };
  }),
);
const roles = grants(template);

const EXECUTIONS =
  'arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution:RetirementStateMachine:*';
const TRACES = ['xray:PutTelemetryRecords on *', 'xray:PutTraceSegments on *'];
const ENCRYPT = [
  'kms:Decrypt on EncryptionKey',
  'kms:Encrypt on EncryptionKey',
  'kms:GenerateDataKey* on EncryptionKey',
  'kms:ReEncrypt* on EncryptionKey',
];

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
      ...ENCRYPT,
      'dynamodb:PutItem on RecordsTable',
      'sns:Publish on AlertsTopic',
      'states:StartExecution on RetirementStateMachine',
    ],
  ],
  [
    'AuditFunction',
    [
      ...ENCRYPT,
      'dynamodb:DeleteItem on RecordsTable',
      'dynamodb:GetItem on RecordsTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      's3:PutObject on EvidenceBucket/evidence/*',
      'sns:Publish on AlertsTopic',
      `states:DescribeExecution on ${EXECUTIONS}`,
      'states:ListExecutions on RetirementStateMachine',
    ],
  ],
  [
    'SpendMonitorFunction',
    [
      ...ENCRYPT,
      'dynamodb:GetItem on QuotasTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      'sns:Publish on AlertsTopic',
    ],
  ],
  [
    'ProvisioningFunction',
    [
      ...ENCRYPT,
      'dynamodb:DeleteItem on RecordsTable',
      'dynamodb:PutItem on RecordsTable',
      'dynamodb:Query on RecordsTable',
      'sns:Publish on AlertsTopic',
    ],
  ],
  ['RetirementFunctionsVerify', ['kms:Decrypt on EncryptionKey']],
  [
    'RetirementFunctionsTell',
    [...ENCRYPT, 'dynamodb:PutItem on RecordsTable', 'sns:Publish on AlertsTopic'],
  ],
  [
    'GatewayFunction',
    [
      ...ENCRYPT,
      'dynamodb:GetItem on QuotasTable',
      'dynamodb:UpdateItem on QuotasTable',
      'sns:Publish on AlertsTopic',
    ],
  ],
])('%s may do this and nothing else', (functionId, expected) => {
  expect(roles[`${functionId}Role`]).toEqual(allOf(functionId, ...expected));
});

test('the flow may call the two functions it has left', () => {
  const calls = roles.RetirementStateMachineRole?.filter((line) => line.startsWith('lambda:'));
  expect(calls).toEqual(
    ['Tell', 'Verify'].map((task) => `lambda:InvokeFunction on RetirementFunctions${task}`),
  );
});

test('no role is without a test of its grants', () => {
  // The flow's, and those of the two schedules, which are as with the Admin API.
  expect(Object.keys(roles)).toHaveLength(7 + 3);
});

test('of ours, none may store a value or rotate, and those who must not read cannot', () => {
  const policies = workspace('dev-workspace').findResources('AWS::SecretsManager::ResourcePolicy');
  const [teamKey] = Object.values(policies).map((one) =>
    resourceGrants(one.Properties.ResourcePolicy),
  );
  expect(teamKey).toEqual([
    'allow DescribeSecret to ProvisioningFunctionRole',
    'allow DescribeSecret, GetSecretValue to * when ArnLike aws:PrincipalArn arn:aws:iam::111122223333:role/developer and StringEquals aws:PrincipalAccount 111122223333',
    'allow DescribeSecret, GetSecretValue to RetirementFunctionsVerifyRole',
    'allow DescribeSecret, GetSecretValue, ListSecretVersionIds to AuditFunctionRole',
    'allow DescribeSecret, GetSecretValue, UpdateSecretVersionStage to RotationFunctionRole',
    'deny * to * when Bool aws:SecureTransport false',
    'deny GetSecretValue to * when ArnNotLike aws:PrincipalArn RotationFunctionRole RetirementFunctionsVerifyRole AuditFunctionRole arn:aws:iam::111122223333:role/developer',
  ]);
});

test('nothing mentions the Admin API key, and no secret has a schedule', () => {
  const everything = JSON.stringify([template.toJSON(), workspace('dev-workspace').toJSON()]);
  expect(everything).not.toContain('admin-api-key');
  expect(workspace('dev-workspace').findResources('AWS::SecretsManager::RotationSchedule')).toEqual(
    {},
  );
});

test('from outside, only callers of the gateway may call anything', () => {
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
  expect(permissions.map(({ Properties }) => Properties.Principal)).toEqual([
    '111122223333',
    '111122223333',
  ]);
});
