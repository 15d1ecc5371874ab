import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { expect, test, vi } from 'vitest';
import { secretPolicyBytes } from '../../governance/policy/deploy-checks.js';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceStack } from '../../lib/governance-stack.js';
import { MistralGovernance } from '../../lib/mistral-governance.js';
import { violationsOf } from '../../lib/platform/template-limits.js';
import { anOperatorPolicy, aPolicy, type policyDocument } from '../support/builders.js';
import { synthesize, testApp } from '../support/synth.js';
import { resourcesOf } from '../support/templates.js';

const LONGEST_ROLE_ARN = `arn:aws-us-gov:iam::111122223333:role/${'r'.repeat(64)}`;

/** A policy document as text, with the longest ARN for each role of the stack. */
function deployedText(policy: object): string {
  return JSON.stringify(policy, (_key, value) =>
    typeof value === 'object' && value !== null && 'Fn::GetAtt' in value ? LONGEST_ROLE_ARN : value,
  );
}

test.each([
  ['with the Admin API', aPolicy()],
  ['in operator mode', anOperatorPolicy()],
])('the policy check reckons with the resource policies that are deployed %s', (_mode, policy) => {
  const { workspace } = synthesize(policy);
  for (const { name, keys } of policy.workspaces) {
    const policies = Object.values(
      workspace(name).findResources('AWS::SecretsManager::ResourcePolicy'),
    );
    for (const [at, { readers }] of keys.entries()) {
      const { length } = deployedText(policies[at]?.Properties.ResourcePolicy);
      expect(length).toBeGreaterThan(1_000);
      expect(length).toBeLessThan(secretPolicyBytes(readers, policy.administrators));
    }
  }
});

test('no secret may become public', () => {
  synthesize()
    .workspace('prod-workspace')
    .allResourcesProperties('AWS::SecretsManager::ResourcePolicy', { BlockPublicPolicy: true });
});

test.each([false, true])(
  "CDK's own functions keep their logs as ours do (ephemeral: %s)",
  (ephemeral) => {
    const { app, template } = synthesize(aPolicy(), { ephemeral });
    const groups = template.findResources('AWS::Logs::LogGroup', {
      Properties: { RetentionInDays: 365, KmsKeyId: Match.anyValue() },
    });
    const functions = resourcesOf(app).filter(({ type }) => type === 'AWS::Lambda::Function');
    expect(functions).toHaveLength(ephemeral ? 12 : 11);
    for (const { properties } of functions) {
      const { LogGroup } = properties.LoggingConfig as { LogGroup: { Ref: string } };
      expect(Object.keys(groups)).toContain(LogGroup.Ref);
    }
  },
);

test('names of services end as those of the partition do', () => {
  const china = synthesize(aPolicy(withoutGateway), { env: { region: 'cn-north-1' } });
  const texts = JSON.stringify(china.template.toJSON());
  expect(texts).not.toMatch(/(secretsmanager|logs|dynamodb)\.cn-north-1\.amazonaws\.com"/);
  const [key] = Object.values(china.template.findResources('AWS::KMS::Key'));
  expect(JSON.stringify(key?.Properties.KeyPolicy)).toContain(
    '{"Fn::Join":["",["secretsmanager.cn-north-1.",{"Ref":"AWS::URLSuffix"}]]}',
  );
});

test('a whole organization may call by one pair of permissions', () => {
  const { template } = synthesize(
    aPolicy((document) => {
      document.gateway.organizationId = 'o-a1b2c3d4e5';
    }),
  );
  const who = { Principal: '*', PrincipalOrgID: 'o-a1b2c3d4e5' };
  const permissions = template.findResources('AWS::Lambda::Permission', {
    Properties: { FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Gateway'), 'Arn'] } },
  });
  expect(Object.values(permissions).map(({ Properties }) => Properties)).toEqual([
    {
      ...who,
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName: expect.anything(),
      FunctionUrlAuthType: 'AWS_IAM',
    },
    {
      ...who,
      Action: 'lambda:InvokeFunction',
      FunctionName: expect.anything(),
      InvokedViaFunctionUrl: true,
    },
  ]);
});

test('a gateway is not synthesized for a region without function URLs', () => {
  const deploy = (policy: Policy) =>
    new GovernanceStack(testApp(), 'Main', { policy, env: { region: 'us-gov-west-1' } });
  expect(() => deploy(aPolicy())).toThrow(
    'stack Main: gateway.enabled: true needs Lambda function URLs, which us-gov-west-1 does not have',
  );
  expect(() => deploy(aPolicy(withoutGateway))).not.toThrow();
});

test('a long stack name leaves less room for accounts of callers', () => {
  const policy = aPolicy((document) => {
    document.callers = Array.from({ length: 25 }, (_, i) => ({
      principal: `arn:aws:iam::${222_200_000_000 + i}:role/caller`,
      role: 'admin',
      workspace: 'dev-workspace',
    }));
  });
  expect(() => new GovernanceStack(testApp(), 'M', { policy })).not.toThrow();
  const stackName = 'M'.repeat(128);
  expect(() => new GovernanceStack(testApp(), 'M', { policy, stackName })).toThrow(
    /^stack M{128}: callers: they come from 25 accounts, .* room for \d+: must be at most that/,
  );
});

test('roles of the app that read a secret may fill its policy: synth says so', () => {
  const app = testApp();
  const stack = new Stack(app, 'Team');
  const governance = new MistralGovernance(stack, 'Governance', {
    policy: aPolicy(withoutGateway),
  });
  for (let i = 0; i < 100; i += 1) {
    const role = new iam.Role(stack, `R${i}`, { assumedBy: new iam.AccountRootPrincipal() });
    governance.grantReadKey(role, 'dev-workspace', 'dev-team-key');
  }
  expect(reportOf(app)).toMatch(
    /the resource policy of a secret at Team\/Governance\/Keys\/dev-workspace\/devteamkeyPolicy\w+ has 2\d+ characters, AWS takes 20480/,
  );
});

test.each([
  ['with a gateway', {}, aPolicy()],
  ['with a gateway, deleted with its stack', { ephemeral: true }, aPolicy()],
  ['in operator mode', {}, anOperatorPolicy()],
])('the policy check reckons with the resources of the main stack %s', (_mode, props, policy) => {
  const { template } = synthesize(policy, props);
  const { length } = Object.keys(template.toJSON().Resources);
  const fromPolicy = policy.workspaces.length + 1 + (policy.gateway.enabled ? 2 : 0);
  const most = 130; // as in deploy-checks.ts
  expect(length - fromPolicy).toBeGreaterThan(most / 2);
  expect(length - fromPolicy).toBeLessThanOrEqual(most);
});

test('each limit of a template is named with what was measured and what is allowed', () => {
  const alarm = {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: { AlarmDescription: 'x'.repeat(1_025) },
  };
  const outputs = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`O${i}`, {}]));
  const text = JSON.stringify({
    Resources: { A: { ...alarm, Metadata: { more: 'x'.repeat(1e6) } } },
    Parameters: outputs,
    Outputs: outputs,
  });
  expect(violationsOf('Main', text).map(([, description]) => description.split(':')[0])).toEqual([
    `the template of stack Main has ${text.length} bytes, CloudFormation takes 1000000`,
    'the template of stack Main has 201 parameters, CloudFormation takes 200',
    'the template of stack Main has 201 outputs, CloudFormation takes 200',
    'the description of an alarm at Main/A has 1025 characters, AWS takes 1024',
  ]);
});

test('templates have no indentation, which would be a quarter of a large one', () => {
  const app = testApp();
  new GovernanceStack(app, 'Main', { policy: aPolicy() });
  const { directory } = app.synth();
  const templates = readdirSync(directory).filter((name) => name.endsWith('.template.json'));
  expect(templates).toHaveLength(4);
  for (const name of templates) {
    expect(readFileSync(join(directory, name), 'utf8')).not.toContain('\n');
  }
});

function withoutGateway(document: ReturnType<typeof policyDocument>): void {
  document.gateway.enabled = false;
}

/** What synth prints and throws. */
function reportOf(app: App): string {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { exitCode } = process;
  try {
    app.synth();
    return printed.mock.calls.join('\n');
  } catch (error) {
    return `${printed.mock.calls.join('\n')}\n${error instanceof Error ? error.message : error}`;
  } finally {
    process.exitCode = exitCode;
    printed.mockRestore();
  }
}
