import { expect, test } from 'vitest';
import { anOperatorPolicy } from '../support/builders.js';
import { grants, resourceGrants } from '../support/iam.js';
import { synthesize } from '../support/synth.js';

const { template, workspace } = synthesize(anOperatorPolicy());

test('without the Admin API, no function may read an admin key', () => {
  expect(JSON.stringify(grants(template))).not.toContain('admin-api-key');
});

test('the end of a deploy may request keys and start the retirement of removed ones', () => {
  const own = (grants(template).ProvisioningFunctionRole ?? []).filter(
    (one) => !/^(kms|logs|xray):/.test(one),
  );
  expect(own).toEqual([
    'dynamodb:DeleteItem on RecordsTable',
    'dynamodb:PutItem on RecordsTable',
    'dynamodb:Query on RecordsTable',
    'events:PutEvents on arn:AWS::Partition:events:AWS::Region:AWS::AccountId:event-bus/default',
    'secretsmanager:DescribeSecret on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:mistral/*',
    'sns:Publish on AlertsTopic',
    'states:StartExecution on RetirementStateMachine',
  ]);
});

test('one function moves labels and none writes a value', () => {
  const [policy] = Object.values(
    workspace('dev-workspace').findResources('AWS::SecretsManager::ResourcePolicy'),
  );
  const ours = resourceGrants(policy?.Properties.ResourcePolicy).filter(
    (one) => one.startsWith('allow') && one.includes('Role'),
  );
  expect(ours).toEqual([
    'allow DescribeSecret, GetResourcePolicy, GetSecretValue, ListSecretVersionIds to AuditFunctionRole',
    'allow DescribeSecret, GetSecretValue to ProvisioningFunctionRole RetirementFunctionsVerifyRole',
    'allow DescribeSecret, GetSecretValue, UpdateSecretVersionStage to RotationFunctionRole',
  ]);
});
