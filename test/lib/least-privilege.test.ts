import { type App, Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceStack } from '../../lib/governance-stack.js';
import { MistralGovernance } from '../../lib/mistral-governance.js';
import { permissionsBoundary } from '../../lib/platform/permissions-boundary.js';
import { anOperatorPolicy, aPolicy, type policyDocument } from '../support/builders.js';
import { linesOf, readable, type Statement } from '../support/iam.js';
import { testApp } from '../support/synth.js';
import { type Resource, resourcesOf, statementsOf } from '../support/templates.js';

/** Grants by pattern, and why they cannot be narrower. */
const PATTERNS: Readonly<Record<string, readonly string[]>> = {
  'X-Ray has no resource to name': [
    'xray:GetSamplingRules on *',
    'xray:GetSamplingTargets on *',
    'xray:PutTelemetryRecords on *',
    'xray:PutTraceSegments on *',
  ],
  'log deliveries and resource policies have no resource to name': [
    'logs:CreateLogDelivery on *',
    'logs:DeleteLogDelivery on *',
    'logs:DescribeResourcePolicies on *',
    'logs:GetLogDelivery on *',
    'logs:ListLogDeliveries on *',
    'logs:PutResourcePolicy on *',
    'logs:UpdateLogDelivery on *',
  ],
  'Step Functions looks for its log group among all of them': ['logs:DescribeLogGroups on *'],
  'Secrets Manager ends an ARN in six characters of its choice': [
    'secretsmanager:GetSecretValue on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:mistral/admin-api-key-??????',
  ],
  'executions of the one flow, whose names are not known beforehand': [
    'states:DescribeExecution on arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution:RetirementStateMachine:*',
    'states:GetExecutionHistory on arn:AWS::Partition:states:AWS::Region:AWS::AccountId:execution:RetirementStateMachine:*',
  ],
  'a secret that was deleted has no policy of its own, nor has one that left the policy a name here':
    [
      'secretsmanager:DescribeSecret on arn:AWS::Partition:secretsmanager:AWS::Region:AWS::AccountId:secret:mistral/*',
    ],
  'each night has evidence files of its own': ['s3:PutObject on EvidenceBucket/evidence/*'],
  'and a manifest of its own, which names the one before': [
    's3:GetObject on EvidenceBucket/evidence/manifests/*',
  ],
  "CDK's trigger calls the newest version of the one function": [
    'lambda:InvokeFunction on ProvisioningFunction:*',
  ],
};

/** AWS managed policies, and why they cannot be narrower. */
const MANAGED_POLICIES: Readonly<Record<string, string>> = {
  'service-role/AWSLambdaBasicExecutionRole':
    "CDK's own function behind the trigger: its log alone",
};

/** Services without a source condition, and why. */
const UNGUARDED: Readonly<Record<string, string>> = {
  'sts:AssumeRole by lambda.amazonaws.com':
    'Lambda takes roles of its own account alone, and documents no source keys for them',
};

const withAdminApi = resourcesFor(aPolicy(withEverySubscription));
const withoutAdminApi = resourcesFor(
  anOperatorPolicy((document) => {
    document.gateway = { enabled: true };
    withEverySubscription(document);
  }),
);
const resources = [...withAdminApi, ...withoutAdminApi];

test('a role uses by pattern only what has no narrower name', () => {
  const patterns = resources
    .filter(({ type }) => type.startsWith('AWS::IAM::'))
    .flatMap(statementsOf)
    .filter((statement) => statement.Effect === 'Allow' && !('Principal' in statement))
    .flatMap(linesOf)
    .filter((line) => /[*?]/.test(line.split(' on ')[1] ?? ''));
  expect([...new Set(patterns)].sort()).toEqual(Object.values(PATTERNS).flat().sort());
});

test('without the Admin API nothing is named that only it needs', () => {
  expect(JSON.stringify(withoutAdminApi)).not.toContain('mistral/admin-api-key');
});

test("AWS's own policies are used only where CDK does so", () => {
  const managed = resources
    .flatMap(({ properties }) => properties.ManagedPolicyArns ?? [])
    .map(nameOfPolicy);
  expect([...new Set(managed)].sort()).toEqual(Object.keys(MANAGED_POLICIES).sort());
});

test("a topic's and a queue's policy name the topic and the queue", () => {
  const statements = resources.filter(({ type }) => /Topic|Queue/.test(type)).flatMap(statementsOf);
  expect(statements.length).toBeGreaterThan(0);
  expect(statements.filter(({ Resource: named }) => named === '*')).toEqual([]);
});

test('an AWS service gets access only on behalf of this account', () => {
  const unguarded = [
    ...resources.flatMap(statementsOf).flatMap(servicesLetIn),
    ...resources.filter(({ type }) => type === 'AWS::Lambda::Permission').flatMap(callersLetIn),
  ];
  expect([...new Set(unguarded)].sort()).toEqual(Object.keys(UNGUARDED).sort());
});

test('no statement allows every principal without a condition', () => {
  const open = resources
    .flatMap(statementsOf)
    .filter(({ Effect, Principal }) => Effect === 'Allow' && readable(Principal) === '*')
    .filter(({ Condition }) => Condition === undefined);
  expect(open).toEqual([]);
});

describe('a permissions boundary', () => {
  const ARN = 'arn:aws:iam::111122223333:policy/team/boundary';

  test.each([
    ['with the Admin API', aPolicy()],
    ['without it', anOperatorPolicy()],
  ])("bounds every role of the app %s, CDK's own and those of nested stacks too", (_, policy) => {
    const app = testApp();
    new GovernanceStack(app, 'MistralGovernance', {
      policy,
      permissionsBoundary: permissionsBoundary('team-boundary'),
    });
    expect(boundariesIn(app)).toEqual([
      'arn:AWS::Partition:iam::AWS::AccountId:policy/team-boundary',
    ]);
  });

  test("of a team's own stack bounds the system in it, too", () => {
    const app = testApp();
    const stack = new Stack(app, 'Team', { permissionsBoundary: permissionsBoundary(ARN) });
    new MistralGovernance(stack, 'Keys', { policy: aPolicy() });
    expect(boundariesIn(app)).toEqual([ARN]);
  });

  test.each(['', 'team boundary', 'arn:aws:iam::111122223333:role/team'])(
    'fails where it is not a managed policy: "%s"',
    (given) => {
      expect(() => permissionsBoundary(given)).toThrow(
        `permissionsBoundary: "${given}" is not a managed policy, allowed are its name and its ARN`,
      );
    },
  );
});

function boundariesIn(app: App): string[] {
  const roles = resourcesOf(app).filter(({ type }) => type === 'AWS::IAM::Role');
  const boundaries = roles.map(({ properties }) => readable(properties.PermissionsBoundary));
  return [...new Set(boundaries)];
}

/** Subscribers of every kind that gets a permission. */
function withEverySubscription(document: ReturnType<typeof policyDocument>): void {
  document.alerts.subscriptions.push({
    protocol: 'lambda',
    endpoint: 'arn:aws:lambda:eu-west-1:111122223333:function:page',
  });
}

function resourcesFor(policy: Policy): Resource[] {
  const app = testApp();
  new GovernanceStack(app, 'MistralGovernance', { policy });
  return resourcesOf(app);
}

/** The services that a statement allows without a source condition. */
function servicesLetIn({ Effect, Principal, Action, Condition }: Statement): string[] {
  if (Effect !== 'Allow' || typeof Principal !== 'object' || Principal === null) return [];
  if (!('Service' in Principal) || isGuarded(Condition)) return [];
  return [Principal.Service]
    .flat()
    .map((service) => `${[Action].flat().join(', ')} by ${readable(service)}`);
}

function callersLetIn({ properties }: Resource): string[] {
  const { Principal, Action, SourceAccount, SourceArn } = properties;
  const service = readable(Principal);
  if (!/amazonaws\.com|AWS::URLSuffix/.test(service) || SourceAccount || SourceArn) return [];
  return [`${Action} by ${service}`];
}

/** By account, or by an ARN, which names its account. */
function isGuarded(condition: unknown): boolean {
  const tests = Object.entries(Object.assign({}, ...Object.values(condition ?? {})));
  return tests.some(([key, value]) => {
    if (key === 'aws:SourceAccount') return readable(value) === 'AWS::AccountId';
    if (key === 'aws:SourceArn' || key === 'kms:EncryptionContext:aws:logs:arn') {
      return !readable(value).startsWith('*') && !readable(value).includes(':*:*:');
    }
    return false;
  });
}

function nameOfPolicy(arn: unknown): string {
  return readable(arn).split(':policy/')[1] ?? readable(arn);
}
