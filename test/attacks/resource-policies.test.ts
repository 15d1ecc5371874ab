import { DefaultStackSynthesizer } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { aPolicy } from '../support/builders.js';
import {
  ACCOUNT,
  allowed,
  deployedPolicy,
  type Principal,
  type Request,
  roleArn,
} from '../support/policy-engine.js';
import { synthesize } from '../support/synth.js';

/** The deployed policies of secrets, KMS key and bucket, evaluated by an engine that is not ours. */
const { template, workspace } = synthesize();
type Template = typeof template;

function policyOf(from: Template, type: string, property: string, resource: string) {
  const [found] = Object.values(from.findResources(type));
  return deployedPolicy(found?.Properties[property], resource);
}

const SECRET_POLICY = ['AWS::SecretsManager::ResourcePolicy', 'ResourcePolicy'] as const;
const SECRET = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:mistral/dev-workspace/dev-team-key-AbCdEf`;
const ADMIN_KEY = `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:mistral/admin-api-key-AbCdEf`;
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/11112222-3333-4444-5555-666677778888`;
const BUCKET = 'arn:aws:s3:::evidence';
const TOPIC = `arn:aws:sns:eu-west-1:${ACCOUNT}:alerts`;
const FILE = `${BUCKET}/evidence/2026/11/2026-11-28/030000-0a1b2c3d/report.html`;

const wide = (name: string, context: Principal['context'] = {}): Principal => ({
  arn: name.startsWith('arn:') ? name : roleArn(name),
  isWide: true,
  context,
});
const narrow = (name: string): Principal => ({ arn: roleArn(name), isWide: false });
const DEPLOY = `cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`;
const ROOT = `arn:aws:iam::${ACCOUNT}:root`;
const DEPLOYER = wide('deployer', { 'aws:CalledVia': ['cloudformation.amazonaws.com'] });
const OF_ALARMS = { 'aws:PrincipalIsAWSService': 'true', 'aws:SourceAccount': ACCOUNT };

/** With the least that their work needs, and with every permission that IAM has. */
const NARROW = [
  ...['RotationFunctionRole', 'AuditFunctionRole', 'ProvisioningFunctionRole'],
  ...['Verify', 'Revoke', 'Confirm', 'RollBack', 'Notify'].map(
    (f) => `RetirementFunctions${f}Role`,
  ),
  ...['SpendMonitorFunctionRole', 'GatewayFunctionRole', 'developer', 'platform-admin'],
];
const WIDE = [
  ...['analyst', 'ml-engineer', 'developer', 'deployer', 'cdk-hnb659fds-deploy-role'],
  ...['my-cdk-hnb659fds-cfn-exec-role-1', 'platform-admin-2', 'path/platform-admin'],
  ...['RotationFunctionRole2', 'SpendMonitorFunctionRole', 'GatewayFunctionRole'],
  `arn:aws:iam::${ACCOUNT}:user/administrator`,
];
const OTHER_ACCOUNTS = ['platform-admin', 'developer'].map((name) => roleArn(name, '444455556666'));
const PRINCIPALS: readonly Principal[] = [
  ...NARROW.map(narrow),
  ...WIDE.map((name) => wide(name)),
  ...OTHER_ACCOUNTS.map((arn) => wide(arn)),
  wide('platform-admin'),
  wide(ROOT),
  wide(DEPLOY),
  DEPLOYER,
];

const READS = ['DescribeSecret', 'GetSecretValue', 'ListSecretVersionIds'];
const CHANGES = [
  ...['CancelRotateSecret', 'DeleteResourcePolicy', 'DeleteSecret', 'PutResourcePolicy'],
  ...['PutSecretValue', 'ReplicateSecretToRegions', 'RestoreSecret', 'RotateSecret'],
  ...['StopReplicationToReplica', 'TagResource', 'UpdateSecret', 'UpdateSecretVersionStage'],
];
const LOOK = ['DescribeSecret', 'ListSecretVersionIds'];

function each(service: string, actions: readonly string[], resource: string) {
  return Object.fromEntries(
    actions.map((action): [string, Request] => [
      action,
      { action: `${service}:${action}`, resource },
    ]),
  );
}

/** What thirty principals may do with one resource. */
interface Table {
  readonly policy: object;
  readonly requests: Readonly<Record<string, Request>>;
  /** With every permission that IAM has, of this account. */
  readonly others: readonly string[];
  /** With every permission, beside the others' rights. */
  readonly owners: readonly string[];
  readonly administrator: readonly string[];
  /** Without any permission of IAM. */
  readonly granted: Readonly<Record<string, readonly string[]>>;
  readonly more?: Readonly<Record<string, readonly string[]>>;
}

const KEY_CHANGES = ['DisableKey', 'DisableKeyRotation', 'PutKeyPolicy', 'ScheduleKeyDeletion'];
const KEY_USE = [
  ...['CancelKeyDeletion', 'CreateGrant', 'Decrypt', 'DescribeKey', 'EnableKey', 'Encrypt'],
  ...['EnableKeyRotation', 'GenerateDataKey', 'GetKeyPolicy', 'ListGrants', 'ReEncryptFrom'],
];
const BUCKET_CHANGES = [
  ...['DeleteBucket', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketOwnershipControls'],
  ...['PutBucketPolicy', 'PutBucketPublicAccessBlock', 'PutBucketVersioning'],
  ...['PutEncryptionConfiguration', 'PutLifecycleConfiguration', 'PutReplicationConfiguration'],
];
const TOPIC_USE = [
  ...['ConfirmSubscription', 'GetDataProtectionPolicy', 'GetSubscriptionAttributes'],
  ...['GetTopicAttributes', 'ListSubscriptionsByTopic', 'ListTagsForResource', 'Subscribe'],
  ...['TagResource', 'Unsubscribe', 'UntagResource'],
];
const TOPIC_CHANGES = ['AddPermission', 'DeleteTopic', 'RemovePermission', 'SetTopicAttributes'];
const DELETES = ['DeleteObject', 'DeleteObjectVersion'];

const TABLES: Readonly<Record<string, Table>> = {
  'a managed secret': {
    policy: policyOf(workspace('dev-workspace'), ...SECRET_POLICY, SECRET),
    requests: each('secretsmanager', [...READS, ...CHANGES], SECRET),
    others: LOOK,
    owners: CHANGES,
    administrator: CHANGES,
    granted: {
      RotationFunctionRole: [
        ...['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'],
      ],
      RetirementFunctionsVerifyRole: ['DescribeSecret', 'GetSecretValue'],
      RetirementFunctionsRevokeRole: ['DescribeSecret', 'GetSecretValue'],
      RetirementFunctionsConfirmRole: ['GetSecretValue'],
      RetirementFunctionsRollBackRole: [
        ...['DescribeSecret', 'GetSecretValue', 'UpdateSecretVersionStage'],
      ],
      AuditFunctionRole: READS,
      ProvisioningFunctionRole: ['DescribeSecret', 'GetSecretValue', 'RotateSecret'],
      developer: ['DescribeSecret', 'GetSecretValue'],
    },
    more: { developer: ['GetSecretValue'] },
  },
  'the secret of the Admin API key': {
    policy: policyOf(template, ...SECRET_POLICY, ADMIN_KEY),
    requests: each('secretsmanager', [...READS, ...CHANGES], ADMIN_KEY),
    others: READS,
    owners: CHANGES,
    administrator: CHANGES,
    granted: {},
  },
  'the KMS key': {
    policy: policyOf(template, 'AWS::KMS::Key', 'KeyPolicy', KEY),
    requests: each('kms', [...KEY_USE, ...KEY_CHANGES], KEY),
    others: KEY_USE,
    owners: KEY_CHANGES,
    administrator: KEY_CHANGES,
    granted: {},
  },
  'the evidence': {
    policy: policyOf(template, 'AWS::S3::BucketPolicy', 'PolicyDocument', BUCKET),
    requests: {
      ...each('s3', BUCKET_CHANGES, BUCKET),
      ...each('s3', ['GetObject', ...DELETES], FILE),
      add: { action: 's3:PutObject', resource: FILE, context: { 's3:if-none-match': '*' } },
      replace: { action: 's3:PutObject', resource: FILE },
    },
    others: ['GetObject'],
    owners: [...BUCKET_CHANGES, ...DELETES],
    administrator: BUCKET_CHANGES,
    granted: {},
  },
  'the topic of all alerts': {
    policy: policyOf(template, 'AWS::SNS::TopicPolicy', 'PolicyDocument', TOPIC),
    requests: each('sns', [...TOPIC_USE, ...TOPIC_CHANGES, 'Publish'], TOPIC),
    others: TOPIC_USE,
    owners: [...TOPIC_CHANGES, 'Publish'],
    administrator: [...TOPIC_CHANGES, 'Publish'],
    granted: {},
    more: { SpendMonitorFunctionRole: ['Publish'], GatewayFunctionRole: ['Publish'] },
  },
};

function expected(table: Table, principal: Principal): string[] {
  const { others, owners, administrator, granted, more = {} } = table;
  const { arn, isWide } = principal;
  const name = arn.replace(roleArn(''), '');
  if (!isWide) return [...(granted[name] ?? [])].sort();
  if (OTHER_ACCOUNTS.includes(arn)) return [];
  const isOwner = arn === ROOT || name === DEPLOY || principal === DEPLOYER;
  const own = name === 'platform-admin' ? administrator : isOwner ? owners : [];
  return [...others, ...own, ...(more[name] ?? [])].sort();
}

describe.each(Object.entries(TABLES))('with %s', (_, table) => {
  test.each(PRINCIPALS.map((one) => [one.arn, one.isWide ? 'with' : 'without', one] as const))(
    '%s, %s every permission of IAM, may do what it must, and nothing else',
    async (_arn, _wide, principal) => {
      const may = await allowed(principal, table.requests, table.policy);
      expect(may).toEqual(expected(table, principal));
    },
  );

  test('thirty principals were tried, with fifteen actions each', () => {
    expect([PRINCIPALS.length, Object.keys(table.requests).length]).toEqual([30, 15]);
  });
});

test('the audit may add evidence, and neither replace nor delete any, under any policy of IAM', async () => {
  const { requests, policy } = TABLES['the evidence'] as Table;
  const may = await allowed(wide('AuditFunctionRole'), requests, policy);
  expect(may).toEqual(['GetObject', 'add']);
});

test('alarms, our functions and plain gateways publish alerts', async () => {
  const plain = roleArn('plain-gateway');
  const own = synthesize(
    aPolicy((document) => {
      document.gateway = { ...document.gateway, readers: [plain] };
    }),
  );
  const policy = policyOf(own.template, 'AWS::SNS::TopicPolicy', 'PolicyDocument', TOPIC);
  const requests = each('sns', ['Publish'], TOPIC);
  const functions = [
    'RotationFunction',
    'AuditFunction',
    'SpendMonitorFunction',
    'GatewayFunction',
  ];
  for (const name of [...functions, 'RetirementFunctionsNotify']) {
    const may = await allowed(wide(`${name}Role`), requests, policy);
    expect([name, may]).toEqual([name, ['Publish']]);
  }
  expect(await allowed(wide(plain), requests, policy)).toEqual(['Publish']);
  const alarms = { arn: 'cloudwatch.amazonaws.com', isWide: false, context: OF_ALARMS };
  expect(await allowed(alarms, requests, policy)).toEqual(['Publish']);
});

test('a bootstrap with names of its own is not locked out of what it deploys', async () => {
  const synthesizer = new DefaultStackSynthesizer({
    cloudFormationExecutionRole: roleArn('my-deploys', `\${AWS::AccountId}`),
  });
  const own = synthesize(aPolicy(), { synthesizer });
  const policies = {
    secret: policyOf(own.workspace('dev-workspace'), ...SECRET_POLICY, SECRET),
    adminKey: policyOf(own.template, ...SECRET_POLICY, ADMIN_KEY),
    key: policyOf(own.template, 'AWS::KMS::Key', 'KeyPolicy', KEY),
    bucket: policyOf(own.template, 'AWS::S3::BucketPolicy', 'PolicyDocument', BUCKET),
  };
  const changes = {
    secret: each('secretsmanager', CHANGES, SECRET),
    adminKey: each('secretsmanager', CHANGES, ADMIN_KEY),
    key: each('kms', KEY_CHANGES, KEY),
    bucket: each('s3', BUCKET_CHANGES, BUCKET),
  };
  for (const what of ['secret', 'adminKey', 'key', 'bucket'] as const) {
    const of = (name: string) => allowed(wide(name), changes[what], policies[what]);
    expect([what, await of('my-deploys')]).toEqual([what, Object.keys(changes[what]).sort()]);
    expect([what, await of('my-deploys-2')]).toEqual([what, []]);
  }
});
