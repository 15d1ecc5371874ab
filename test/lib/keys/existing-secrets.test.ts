import { expect, test } from 'vitest';
import { aPolicy } from '../../support/builders.js';
import { grants } from '../../support/iam.js';
import { synthesize } from '../../support/synth.js';

const policy = aPolicy((document) => {
  document.workspaces[0].keys = [
    {
      name: 'tool',
      readers: ['arn:aws:iam::111122223333:role/tool'],
      secret: { name: 'mistral-api-key', format: 'plain', existing: true },
    },
    { name: 'new-one', secret: { name: 'team/bare', format: 'plain' } },
  ];
});
const { template, workspace } = synthesize(policy);
const keys = workspace('dev-workspace');

test('a secret that was there is taken over before it gets a schedule, and is no resource of the stack', () => {
  const names = Object.values(keys.findResources('AWS::SecretsManager::Secret')).map(
    ({ Properties }) => Properties.Name,
  );
  expect(names.sort()).toEqual(['mistral/dev-workspace/gateway', 'team/bare']);
  const [[id, found] = ['', undefined]] = Object.entries(
    keys.findResources('Custom::MistralSecret'),
  );
  expect(found?.Properties.secretName).toBe('mistral-api-key');
  keys.hasResource('AWS::SecretsManager::RotationSchedule', {
    DependsOn: [id],
    Properties: { SecretId: { Ref: id }, RotateImmediatelyOnUpdate: false },
  });
});

test('its policy gets grants alone, each with a Sid of this product', () => {
  const [found] = Object.values(keys.findResources('Custom::MistralSecret'));
  const statements: { Sid: string; Effect: string }[] = found?.Properties.statements;
  expect(statements.map(({ Sid, Effect }) => `${Effect} ${Sid}`)).toEqual(
    Array.from({ length: 8 }, (_, index) => `Allow MistralGovernance${index}`),
  );
  expect(statements.at(-1)).toMatchObject({
    Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
    Condition: { ArnLike: { 'aws:PrincipalArn': ['arn:aws:iam::111122223333:role/tool'] } },
  });
});

test('the function that takes it over may read and label it and change its policy, and nothing else', () => {
  const SECRET = 'arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret';
  const roles = grants(template);
  expect(roles.KeysProviderFunctionRole).toEqual(
    [
      `kms:Decrypt on arn:AWS::Partition:kms:AWS::Region:AWS::AccountId:key/*`,
      `kms:GenerateDataKey on arn:AWS::Partition:kms:AWS::Region:AWS::AccountId:key/*`,
      'logs:CreateLogStream on KeysProviderFunctionLogs',
      'logs:PutLogEvents on KeysProviderFunctionLogs',
      `secretsmanager:GetSecretValue on ${SECRET}:mistral/admin-api-key-??????`,
      ...[
        'DeleteResourcePolicy',
        'DescribeSecret',
        'GetResourcePolicy',
        'GetSecretValue',
        'PutResourcePolicy',
        'UpdateSecretVersionStage',
      ].map((action) => `secretsmanager:${action} on ${SECRET}:mistral-api-key-??????`),
      'xray:PutTelemetryRecords on *',
      'xray:PutTraceSegments on *',
    ].sort(),
  );
  expect(roles.RotationFunctionRole).toContain(
    'kms:GenerateDataKey on arn:AWS::Partition:kms:AWS::Region:AWS::AccountId:key/*',
  );
  expect(roles.RotationFunctionRole).toContain(
    `secretsmanager:DescribeSecret on ${SECRET}:team/bare-??????`,
  );
});
