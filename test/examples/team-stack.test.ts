import { join } from 'node:path';
import type { NestedStack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { loadPolicy } from 'mistral-governance/cdk';
import { expect, test } from 'vitest';
import { SearchStack } from '../../examples/team-stack/search-stack.js';
import { grants, resourceGrants } from '../support/iam.js';
import { testApp } from '../support/synth.js';

const policy = loadPolicy(join(import.meta.dirname, '../../examples/team-stack/governance.yaml'));
const stack = new SearchStack(testApp(), 'Search', { policy });
const template = Template.fromStack(stack);
const workspace = Template.fromStack(
  stack.node
    .findChild('Keys')
    .node.findChild('Keys')
    .node.findChild('search-workspace') as NestedStack,
);

test('the service without a key may call the gateway, by its URL alone', () => {
  expect(grants(template).AnswerServiceRole).toEqual([
    'lambda:InvokeFunction on KeysGatewayFunction',
    'lambda:InvokeFunctionUrl on KeysGatewayFunction',
  ]);
  hasStatement({
    Action: 'lambda:InvokeFunction',
    Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } },
  });
});

test('the service with a key may count in its own workspace, and decrypt what it may read', () => {
  expect(grants(template).IndexTaskRole).toEqual([
    'dynamodb:GetItem on KeysQuotasTable',
    'dynamodb:GetItem on KeysQuotasTable',
    'dynamodb:UpdateItem on KeysQuotasTable',
    'kms:Decrypt on KeysEncryptionKey',
    'kms:Decrypt on KeysEncryptionKey',
    'kms:Encrypt on KeysEncryptionKey',
    'kms:GenerateDataKey* on KeysEncryptionKey',
    'kms:ReEncrypt* on KeysEncryptionKey',
  ]);
  hasStatement({
    Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    Condition: {
      'ForAllValues:StringLike': {
        'dynamodb:LeadingKeys': [
          'quota#workspace#9d1c8a52-6f0e-4b7d-8a3f-2f6f5f1e7c10',
          'quota#workspace#9d1c8a52-6f0e-4b7d-8a3f-2f6f5f1e7c10#*',
          'quota#workspace#search-workspace',
          'quota#workspace#search-workspace#*',
          'quota#caller#9d1c8a52-6f0e-4b7d-8a3f-2f6f5f1e7c10#*',
          'ledger#9d1c8a52-6f0e-4b7d-8a3f-2f6f5f1e7c10#*',
        ],
      },
    },
  });
  hasStatement({
    Action: 'dynamodb:GetItem',
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['quota#caller#arn:*'] },
    },
  });
  for (const service of ['dynamodb', 'secretsmanager']) {
    const via = {
      'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
    };
    hasStatement({ Condition: { StringEquals: { 'kms:ViaService': via } } });
  }
});

test('of the two, only the service with a key may read it', () => {
  const [index, gateway] = Object.values(
    workspace.findResources('AWS::SecretsManager::ResourcePolicy'),
  ).map(({ Properties }) => resourceGrants(Properties.ResourcePolicy).join('\n'));
  expect(index).toMatch(/^allow DescribeSecret, GetSecretValue to .*IndexTaskRole/m);
  expect(index).toMatch(/^deny GetSecretValue to \* when ArnNotLike .*IndexTaskRole/m);
  expect(index).not.toMatch('AnswerServiceRole');
  expect(gateway).not.toMatch(/IndexTaskRole|AnswerServiceRole/);
});

test('its queue hears of what is critical', () => {
  template.hasResourceProperties('AWS::SNS::Subscription', {
    TopicArn: { Ref: Match.stringLikeRegexp('^KeysAlertsTopic') },
    FilterPolicy: { severity: ['critical'] },
  });
});

test('the command line finds the parts by the same outputs as in the stack of the app', () => {
  expect(Object.keys(template.findOutputs('*'))).toEqual(
    expect.arrayContaining(['AlertsTopicArn', 'GatewayUrl', 'QuotaTableName']),
  );
});

function hasStatement(statement: object): void {
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike(statement)]) },
  });
}

test('synth knows the callers and subscriptions that the code adds', () => {
  const { metadata } = stack.node.findChild('Keys').node;
  const warnings = metadata.filter(({ type }) => type === 'aws:cdk:warning');
  expect(warnings.map(({ data }) => String(data).replace(/.* \[ack: (.*)\]$/, '$1'))).toEqual([
    'mistral-governance:default-runbook',
    'mistral-governance:example-value',
    'mistral-governance:example-value',
  ]);
});
