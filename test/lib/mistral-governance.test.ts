import { App, Stack, type StackProps, Stage, Tags } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { expect, test } from 'vitest';
import * as cdk from '../../lib/cdk.js';
import { MistralGovernance } from '../../lib/mistral-governance.js';
import { aPolicy, policyDocument } from '../support/builders.js';
import { grants } from '../support/iam.js';
import { testApp } from '../support/synth.js';

const SYNTHESIZED = 120_000; // of whole apps, on a machine with much else to do
const IRELAND = { account: '111122223333', region: 'eu-west-1' };
const PARIS = { ...IRELAND, region: 'eu-west-3' };

function govern(scope: Construct, id: string, env?: StackProps['env']): MistralGovernance {
  return new MistralGovernance(new Stack(scope, id, { env }), 'Keys', { policy: aPolicy() });
}

function aRole(scope: Construct): iam.Role {
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
  });
}

test('the package exports these names to CDK apps and no others', () => {
  expect(Object.keys(cdk).sort()).toEqual(['GovernanceStack', 'MistralGovernance', 'loadPolicy']);
});

test('a policy written in code needs only what has no default', () => {
  const { workspaces, roles, callers } = policyDocument();
  const stack = new Stack(testApp(), 'Team');
  const policy = { workspaces, roles, callers };
  expect(new MistralGovernance(stack, 'Keys', { policy }).gatewayUrl).toBeUndefined();
});

test('a wrong policy fails with everything that is wrong with it', () => {
  const { workspaces, callers } = policyDocument();
  const policy = { workspaces, callers, audit: { timezone: 'Mars' }, roles: {} };
  expect(() => new MistralGovernance(new Stack(testApp(), 'Team'), 'Keys', { policy })).toThrow(
    /^policy has \d problems:\n(.*\n)* {2}callers\[0\]\.role: .*\n(.*\n)* {2}audit\.timezone: .*Mars/,
  );
});

test("it has the names of the policy's secrets, and no others", () => {
  const governance = govern(testApp(), 'Team');
  expect(governance.secretName('dev-workspace', 'dev-team-key')).toBe(
    'mistral/dev-workspace/dev-team-key',
  );
  expect(() => governance.secretName('dev-workspace', 'ml-team-key')).toThrow(
    'the policy has no key mistral/dev-workspace/ml-team-key: its keys are mistral/dev-workspace/dev-team-key, ',
  );
});

test('fails to let a role of another stack read, which would make the stacks depend on each other', () => {
  const app = testApp();
  const governance = govern(app, 'Keys');
  const role = aRole(new Stack(app, 'Service'));
  expect(() => governance.grantReadKey(role, 'dev-workspace', 'dev-team-key')).toThrow(
    "cannot grant Service/Role read access to mistral/dev-workspace/dev-team-key: the role is not defined in stack Keys, so add its ARN to the key's readers in the policy",
  );
});

test('a role of another stack may call the gateway', () => {
  const app = testApp();
  const governance = govern(app, 'Keys', IRELAND);
  const role = aRole(new Stack(app, 'Service', { env: IRELAND }));
  governance.grantCallGateway(role);
  const { document } = role.node.findChild('DefaultPolicy') as iam.Policy;
  expect(document.statementCount).toBe(2);
});

test('fails to let a principal read that is not a role', () => {
  const governance = govern(testApp(), 'Team');
  const user = iam.User.fromUserName(governance, 'User', 'alice');
  expect(() => governance.grantReadKey(user, 'dev-workspace', 'dev-team-key')).toThrow(
    /cannot grant .*(alice|User).* read access/,
  );
});

test('fails to let a role meter in a workspace that the policy does not have', () => {
  const governance = govern(testApp(), 'Team');
  expect(() => governance.grantMeter(aRole(governance), 'sales-workspace')).toThrow(
    'the policy has no workspace sales-workspace: its workspaces are dev-workspace, ml-workspace, prod-workspace',
  );
});

test('fails to let a role call a gateway that is not enabled', () => {
  const policy = aPolicy((document) => {
    document.gateway.enabled = false;
  });
  const stack = new Stack(testApp(), 'Team');
  const governance = new MistralGovernance(stack, 'Keys', { policy });
  expect(() => governance.grantCallGateway(aRole(stack))).toThrow('set gateway.enabled');
});

test.each([
  ['of one environment', IRELAND, IRELAND],
  ['that are deployed wherever the CLI is', undefined, undefined],
])('fails for a second one in stacks %s', (_, one, other) => {
  const app = testApp();
  govern(app, 'One', one);
  expect(() => govern(app, 'Two', other)).toThrow(
    /^stack Two cannot have a MistralGovernance in aws:.*: only one per account and region, .*; already defined in One$/,
  );
});

test('there may be one in each region, and one in each stage', () => {
  const app = testApp();
  govern(app, 'Ireland', IRELAND);
  govern(app, 'Paris', PARIS);
  govern(new Stage(app, 'Dev'), 'Team');
  govern(new Stage(app, 'Prod'), 'Team');
  expect(() => govern(new Stage(app, 'Other', { env: PARIS }), 'Team')).toThrow(
    'already defined in Paris',
  );
});

test(
  'tags of the construct, or of anything above it, reach the secrets',
  () => {
    const governance = govern(testApp(), 'Team');
    Tags.of(governance).add('cost-centre', '4711');
    const workspace = governance.node.findChild('Keys').node.findChild('dev-workspace') as Stack;
    Template.fromStack(workspace).hasResourceProperties('AWS::SecretsManager::Secret', {
      Tags: Match.arrayWith([{ Key: 'cost-centre', Value: '4711' }]),
    });
  },
  SYNTHESIZED,
);

test(
  'an app without feature flags gets the same grants',
  () => {
    const app = new App({
      context: { 'aws:cdk:bundling-stacks': [] },
      builtinCloudFormationValidation: false,
    });
    const plain = grants(Template.fromStack(Stack.of(govern(app, 'Team'))));
    const flagged = grants(Template.fromStack(Stack.of(govern(testApp(), 'Team'))));
    expect(unique(plain)).toEqual(unique(flagged));
  },
  SYNTHESIZED,
);

/** Without the flag for it, what is granted twice stands twice. */
function unique(roles: Record<string, string[]>) {
  return Object.fromEntries(
    Object.entries(roles).map(([role, lines]) => [role, [...new Set(lines)].sort()]),
  );
}
