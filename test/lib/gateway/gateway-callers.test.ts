import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Aws, Fn, type NestedStack, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { describe, expect, test } from 'vitest';
import { authorizeRequest } from '../../../governance/access/authorize.js';
import { compileAccess } from '../../../governance/access/compile-access.js';
import { createModelDirectory } from '../../../governance/access/model-directory.js';
import { ADDED_CALLERS, withAddedCallers } from '../../../governance/policy/added-callers.js';
import { lambdaRuntime } from '../../../governance/policy/function-runtime.js';
import { plannedKeys } from '../../../governance/policy/planned-keys.js';
import type { Policy } from '../../../governance/policy/policy.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { GatewayCallers } from '../../../lib/gateway/gateway-callers.js';
import { MistralGovernance } from '../../../lib/mistral-governance.js';
import { PolicyBundle } from '../../../lib/platform/policy-bundle.js';
import { aPolicy } from '../../support/builders.js';
import { grants } from '../../support/iam.js';
import { testApp } from '../../support/synth.js';

const ACCOUNT = '111122223333';
const ENV = { account: ACCOUNT, region: 'eu-west-1' };
const AS_ANALYST = { role: 'analyst', workspace: 'ml-workspace' };

/** Names the role `search-answer`, and those that begin with `batch-`. */
function policyWith(...principals: string[]): Policy {
  return aPolicy((document) => {
    document.callers = principals.map((principal) => ({ principal, ...AS_ANALYST }));
  });
}

const POLICY = policyWith(
  `arn:aws:iam::${ACCOUNT}:role/search-answer`,
  `arn:aws:iam::${ACCOUNT}:role/batch-*`,
  `arn:aws:sts::${ACCOUNT}:assumed-role/nightly/import`,
  `arn:aws:iam::${ACCOUNT}:role/Known-*`,
);

function aRole(scope: Construct, props: Partial<iam.RoleProps> = {}): iam.Role {
  const assumedBy = new iam.ServicePrincipal('lambda.amazonaws.com');
  return new iam.Role(scope, 'Role', { assumedBy, ...props });
}

function imported(scope: Construct, arn: string): iam.IRole {
  return iam.Role.fromRoleArn(scope, 'Imported', arn);
}

/** Without the parts of the system that a grant changes. */
function callersOf(stack: Stack, policy = POLICY): GatewayCallers {
  const gateway = { grantCall: () => {}, allowAccount: () => {} };
  return new GatewayCallers(stack, { policy, gateway, keys: { addMissing: () => {} } });
}

function verdict(make: (stack: Stack) => iam.IRole, policy = POLICY, stackName = 'Search') {
  const stack = new Stack(new App(), stackName, { env: ENV });
  const callers = callersOf(stack, policy);
  callers.grant(make(stack));
  return stack.node.validate();
}

const WAYS_OUT = 'or call addCaller(role, { role, workspace }) with it, which adds the entry';

test.each<[string, (stack: Stack) => iam.IRole]>([
  ['has the name of an entry', (stack) => aRole(stack, { roleName: 'search-answer' })],
  ['has that name and a path', (stack) => aRole(stack, { roleName: 'search-answer', path: '/a/' })],
  ['begins as an entry does', (stack) => aRole(stack, { roleName: 'batch-import' })],
  ['has one session that an entry names', (stack) => aRole(stack, { roleName: 'nightly' })],
  [
    'has a name with the region in it',
    (stack) => aRole(stack, { roleName: `batch-${Aws.REGION}` }),
  ],
  [
    'may not be changed here',
    (stack) => aRole(stack, { roleName: 'batch-1' }).withoutPolicyUpdates(),
  ],
  ['is imported', (stack) => imported(stack, `arn:aws:iam::${ACCOUNT}:role/a/b/search-answer`)],
  ['is imported by a name of the deploy', (stack) => imported(stack, Fn.importValue('Answer'))],
])('a role that %s may call the gateway', (_, make) => {
  expect(verdict(make)).toEqual([]);
});

test('a generated name may be one that an entry begins as', () => {
  expect(verdict((stack) => aRole(stack), POLICY, 'Known')).toEqual([]);
});

test.each<[string, (stack: Stack) => iam.IRole, string]>([
  [
    'whose name the deploy chooses',
    (stack) => aRole(stack),
    `cannot let Search/Role call the gateway: the deploy chooses its name; give it a roleName, and an entry with that name in callers, ${WAYS_OUT}`,
  ],
  [
    'that no entry matches',
    (stack) => aRole(stack, { roleName: 'indexer' }),
    `cannot let Search/Role call the gateway: no entry of the policy's callers matches arn:aws:iam::${ACCOUNT}:role/indexer; give it such an entry, ${WAYS_OUT}`,
  ],
  [
    'of another account than the entry',
    (stack) => imported(stack, 'arn:aws:iam::444455556666:role/search-answer'),
    `cannot let Search/Imported call the gateway: no entry of the policy's callers matches arn:aws:iam::444455556666:role/search-answer; give it such an entry, ${WAYS_OUT}`,
  ],
])('synth names the two ways out for a role %s', (_, make, problem) => {
  expect(verdict(make)).toEqual([problem]);
});

test('a role is reported once, however often it is granted, and not if it is added later', () => {
  const stack = new Stack(new App(), 'Search', { env: ENV });
  const callers = callersOf(stack);
  const role = aRole(stack);
  callers.grant(role);
  callers.grant(role);
  expect(stack.node.validate()).toHaveLength(1);
  callers.add(role, AS_ANALYST);
  expect(stack.node.validate()).toEqual([]);
});

/** What is added for the first of these roles, or why it is not. */
function added(make: (stack: Stack) => iam.IRole, caller: object = {}): unknown {
  const stack = new Stack(new App(), 'Search', { env: ENV });
  const callers = callersOf(stack);
  callers.add(make(stack), { ...AS_ANALYST, ...caller });
  return stack.resolve(callers.added.map(({ principal }) => principal));
}

/** A role of a stack that is deployed later. */
function ofAnotherStack(stack: Stack, props: Partial<iam.RoleProps>, account = ACCOUNT): iam.IRole {
  return aRole(new Stack(stack.node.root as App, 'Service', { env: { ...ENV, account } }), props);
}

test.each<[string, (stack: Stack) => iam.IRole, unknown]>([
  [
    'of the same stack by what the deploy resolves',
    (stack) => aRole(stack),
    { 'Fn::GetAtt': ['Role1ABCC5F0', 'Arn'] },
  ],
  [
    'that may not be changed here by the same',
    (stack) => aRole(stack).withoutPolicyUpdates(),
    { 'Fn::GetAtt': ['Role1ABCC5F0', 'Arn'] },
  ],
  [
    'that is imported by its ARN',
    (stack) => imported(stack, 'arn:aws:iam::444455556666:role/a/indexer'),
    'arn:aws:iam::444455556666:role/a/indexer',
  ],
  [
    'that the deploy imports by its value',
    (stack) => imported(stack, Fn.importValue('Answer')),
    { 'Fn::ImportValue': 'Answer' },
  ],
  [
    'of another stack by its name, without a reference to that stack',
    (stack) => ofAnotherStack(stack, { roleName: 'indexer' }),
    { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::${ACCOUNT}:role/indexer`]] },
  ],
])('an entry names a role %s', (_, make, principal) => {
  expect(added(make)).toEqual([principal]);
});

test.each<[string, (stack: Stack) => iam.IRole, object, string]>([
  [
    'of another stack without a name',
    (stack) => ofAnotherStack(stack, {}),
    {},
    "cannot add Service/Role to the gateway's callers: the deploy chooses its name, and its stack is deployed after Search, which needs the name: give it a roleName",
  ],
  [
    'with a role that the policy does not have',
    (stack) => aRole(stack),
    { role: 'intern' },
    'cannot add Search/Role to the gateway\'s callers: role: unknown role "intern": known are "analyst", "developer", "senior", "admin"',
  ],
  [
    'in a workspace that the policy does not have',
    (stack) => aRole(stack),
    { workspace: 'sales' },
    'cannot add Search/Role to the gateway\'s callers: workspace: unknown workspace "sales": known are "dev-workspace", "ml-workspace", "prod-workspace"',
  ],
  [
    'that the policy names with another role',
    (stack) => aRole(stack, { roleName: 'search-answer' }),
    { role: 'admin' },
    "cannot add Search/Role to the gateway's callers: it is one already, with role analyst in workspace ml-workspace",
  ],
])('fails to add a role %s', (_, make, caller, message) => {
  expect(() => added(make, caller)).toThrow(message);
});

test('to add a role again, or one that the policy names alike, changes nothing', () => {
  const stack = new Stack(new App(), 'Search', { env: ENV });
  const callers = callersOf(stack);
  const role = aRole(stack);
  callers.add(imported(stack, `arn:aws:iam::${ACCOUNT}:role/search-answer`), AS_ANALYST);
  expect(callers.added).toEqual([]);
  for (const one of [role, role.withoutPolicyUpdates()]) callers.add(one, AS_ANALYST);
  expect(callers.added).toHaveLength(1);
  expect(() => callers.add(role, { ...AS_ANALYST, perSession: true })).toThrow(
    "cannot add Search/Role to the gateway's callers: it is one already, with role analyst in workspace ml-workspace",
  );
});

test('more roles than an environment has room for are to be named in the policy', () => {
  const stack = new Stack(new App(), 'Search', { env: ENV });
  const callers = callersOf(stack);
  const addRole = (name: number) =>
    callers.add(
      imported(
        new Stack(stack, `${name}`),
        `arn:aws:iam::${ACCOUNT}:role/${'r'.repeat(60)}${name}`,
      ),
      AS_ANALYST,
    );
  for (let name = 10; name < 25; name += 1) addRole(name);
  expect(() => {
    for (let name = 25; name < 40; name += 1) addRole(name);
  }).toThrow(
    /^cannot add Search\/\d\d\/Imported to the gateway's callers: with it, callers added in code take \d+ bytes of the functions' environments, which have room for 3200: give it a roleName and an entry in the policy's callers$/,
  );
});

describe('an app that adds callers without names', () => {
  const policy = policyWith(`arn:aws:iam::${ACCOUNT}:role/search-answer`);
  const stack = new Stack(testApp(), 'Search', { env: ENV });
  const governance = new MistralGovernance(stack, 'Keys', { policy });
  const role = aRole(stack);
  governance.grantCallGateway(role);
  governance.addCaller(role, { role: 'developer', workspace: 'dev-workspace' });
  governance.addCaller(imported(stack, 'arn:aws:iam::444455556666:role/a/partner'), AS_ANALYST);
  const template = Template.fromStack(stack);
  const environments = Object.values(template.findResources('AWS::Lambda::Function'))
    .map(({ Properties }) => Properties.Environment?.Variables?.[ADDED_CALLERS])
    .filter((value) => value !== undefined);

  /** What the deploy makes of the variable. */
  function deployed(value: { 'Fn::Join': [string, readonly unknown[]] }): string {
    const [separator, parts] = value['Fn::Join'];
    const arn = `arn:aws:iam::${ACCOUNT}:role/service-role/Search-Role1ABCC5F0-8YTRQ2`;
    return parts.map((part) => (typeof part === 'string' ? part : arn)).join(separator);
  }

  test('has them in the policy of every function', () => {
    expect(environments).toHaveLength(10);
    expect(new Set(environments.map((value) => JSON.stringify(value))).size).toBe(1);
    const folder = mkdtempSync(join(tmpdir(), 'added-callers-'));
    new PolicyBundle(policy).putInto(folder);
    const env = { LAMBDA_TASK_ROOT: folder, [ADDED_CALLERS]: deployed(environments[0]) };
    const { policy: whole } = lambdaRuntime(env);
    rmSync(folder, { recursive: true });
    expect(plannedKeys(whole).map(({ secretName }) => secretName)).toContain(
      'mistral/dev-workspace/gateway',
    );
    const book = createPriceBook(whole);
    const access = compileAccess(whole, createModelDirectory(book.models, book));
    const roleOf = (session: string) => {
      const grant = authorizeRequest(access, `arn:aws:sts::${session}`, {
        model: 'mistral-small-latest',
        maxTokens: undefined,
      });
      return grant.kind === 'allow' ? grant.role : grant.code;
    };
    expect(roleOf(`${ACCOUNT}:assumed-role/Search-Role1ABCC5F0-8YTRQ2/i-1`)).toBe('developer');
    expect(roleOf(`${ACCOUNT}:assumed-role/search-answer/i-1`)).toBe('analyst');
    expect(roleOf('444455556666:assumed-role/partner/i-1')).toBe('analyst');
    expect(roleOf(`${ACCOUNT}:assumed-role/Search-Role1ABCC5F0-OTHER/i-1`)).toBe('unknown_caller');
  });

  test('has a key of the gateway in their workspaces', () => {
    expect(governance.secretName('dev-workspace', 'gateway')).toBe('mistral/dev-workspace/gateway');
    const keys = governance.node.findChild('Keys').node.findChild('dev-workspace') as NestedStack;
    Template.fromStack(keys).hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'mistral/dev-workspace/gateway',
    });
  });

  test('lets them in, and other accounts that they are of', () => {
    expect(grants(template).Role).toEqual([
      'lambda:InvokeFunction on KeysGatewayFunction',
      'lambda:InvokeFunctionUrl on KeysGatewayFunction',
    ]);
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunctionUrl',
      Principal: '444455556666',
    });
  });
});

test('what a deploy resolves to no ARN matches no caller, and stops no function', () => {
  const added = JSON.stringify([{ principal: 'none', ...AS_ANALYST }]);
  expect(withAddedCallers(POLICY, added).callers[0]?.principal).toBe('none');
});

test('a grant that IAM cannot give is an error', () => {
  const stack = new Stack(testApp(), 'Search', { env: ENV });
  const governance = new MistralGovernance(stack, 'Keys', { policy: POLICY });
  const anyone = new iam.ArnPrincipal(`arn:aws:iam::${ACCOUNT}:role/search-answer`);
  expect(() => governance.grantCallGateway(anyone)).toThrow('could not be added');
  expect(() => governance.addCaller(anyone, AS_ANALYST)).toThrow(
    /^cannot add ArnPrincipal.* to the gateway's callers: it has no role; the policy's callers/,
  );
});
