import { ORGANIZATION } from '../platform/metrics.js';
import { countText, quoted, unknownText } from '../platform/wording.js';
import { gatewayWorkspaces, plannedKeys } from './planned-keys.js';
import type { Policy } from './policy.js';
import type { PolicyRule, Problems } from './policy-checks.js';
import { endpointProblem } from './policy-fields.js';
import type { PolicyProblem } from './policy-problem.js';
import { parseSchedule } from './schedule.js';

// What AWS refuses in the middle of a deploy, as far as the policy alone says it. `lib` checks what only
// the templates show. Sources: AWS's quota pages, and CloudFormation's schemas of 2026-11.

const SNS_FILTER_COMBINATIONS = 150;
const SNS_FILTERED_SUBSCRIPTIONS = 200;
const FUNCTION_POLICY_BYTES = 20_480;
const SECRET_POLICY_BYTES = 20_480;
const KEY_POLICY_BYTES = 32_768;
const STACK_RESOURCES = 500;

/** Of the main stack with any policy, with some to spare; a test counts them. */
const MAIN_STACK_RESOURCES = 130;

/** A secret's policy without readers, and the KMS key's without accounts and administrators; a test measures both. */
const SECRET_POLICY_BASE = 3_300;
/** What the denial of changes adds, without the administrators. */
const SECRET_WRITES_BASE = 1_600;
const KEY_POLICY_BASE = 2_048;

/** The regions in which CloudFormation knows no function URL. */
const WITHOUT_FUNCTION_URLS = [
  ...['ap-east-2', 'ap-south-2', 'ap-southeast-4', 'ap-southeast-5', 'ap-southeast-6'],
  ...['ap-southeast-7', 'ca-west-1', 'cn-northwest-1', 'eu-central-2', 'il-central-1'],
  ...['me-central-1', 'mx-central-1', 'us-gov-east-1', 'us-gov-west-1'],
];

/** Rules for those who deploy a policy. Functions leave them out: theirs is deployed. */
export const DEPLOY_RULES: readonly PolicyRule[] = [
  auditTimes,
  workspaceNames,
  subscriptions,
  filters,
  callerAccounts,
  keysOfWorkspaces,
  mainStack,
  readersOfSecrets,
  accountsOfReaders,
];

/** What a region lacks that the policy needs; `undefined` where it has all. */
export function regionProblem(
  { gateway }: Pick<Policy, 'gateway'>,
  region: string,
): PolicyProblem | undefined {
  if (!gateway.enabled || !WITHOUT_FUNCTION_URLS.includes(region)) return undefined;
  const message = `true needs Lambda function URLs, which ${region} does not have: must be false there, or deploy to another region`;
  return { path: ['gateway', 'enabled'], message };
}

function* auditTimes({ audit: { schedule, timezone } }: Policy): Problems {
  const parsed = parseSchedule(schedule);
  for (const problem of 'kind' in parsed ? [] : parsed) {
    yield { path: ['audit', 'schedule'], message: `${quoted(schedule)} ${problem}` };
  }
  const known = zoneNamed(timezone);
  if (known === timezone) return;
  const example = known ?? 'Europe/Paris';
  const message = `${quoted(timezone)} must be an IANA time zone such as ${example}`;
  yield { path: ['audit', 'timezone'], message };
}

/** JavaScript takes offsets and any case, Scheduler does not; links such as US/Eastern pass. */
function zoneNamed(name: string): string | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
  } catch {
    return undefined;
  }
}

/** In alerts and metrics, which name a workspace, this name stands for all of them. */
function* workspaceNames({ workspaces }: Policy): Problems {
  for (const [index, { name }] of workspaces.entries()) {
    if (name.toLowerCase() !== ORGANIZATION) continue;
    const message = `${quoted(name)} stands for all workspaces in metrics and alerts: choose another name`;
    yield { path: ['workspaces', index, 'name'], message };
  }
}

/** Each endpoint once, of the form that its protocol takes, with a filter that some alert passes. */
function* subscriptions({ alerts, workspaces }: Policy): Problems {
  const scopes = [...workspaces.map(({ name }) => name), ORGANIZATION];
  for (const [index, { protocol, endpoint, filter }] of alerts.subscriptions.entries()) {
    const subscription = ['alerts', 'subscriptions', index];
    const path = [...subscription, 'endpoint'];
    const first = alerts.subscriptions.findIndex(
      (other) => other.protocol === protocol && other.endpoint === endpoint,
    );
    if (first < index) {
      const message = `${quoted(endpoint)} is already the endpoint of subscriptions[${first}]: each must be unique`;
      yield { path, message };
    }
    for (const [position, workspace] of (filter?.workspace ?? []).entries()) {
      if (scopes.includes(workspace)) continue;
      yield {
        path: [...subscription, 'filter', 'workspace', position],
        message: unknownText('workspace', workspace, scopes),
      };
    }
    const problem = endpointProblem(protocol, endpoint);
    const message = `${quoted(endpoint)} does not fit protocol ${protocol}: ${problem}`;
    if (problem) yield { path, message };
  }
}

function* filters({ alerts }: Policy): Problems {
  const path = ['alerts', 'subscriptions'];
  const filtered = alerts.subscriptions.filter(({ filter }) => filter !== undefined).length;
  if (filtered > SNS_FILTERED_SUBSCRIPTIONS) {
    const message = `${filtered} of them have a filter, and an SNS topic takes ${SNS_FILTERED_SUBSCRIPTIONS} filters: must be at most that`;
    yield { path, message };
  }
  for (const [index, { filter = {} }] of alerts.subscriptions.entries()) {
    const lists = Object.entries(filter);
    const combinations = lists.reduce((product, [, values]) => product * values.length, 1);
    if (combinations > SNS_FILTER_COMBINATIONS) {
      const sizes = lists.map(([name, values]) => `${values.length} in ${name}`).join(' x ');
      const message = `${sizes} are ${countText(combinations, 'combination')}, and SNS takes ${SNS_FILTER_COMBINATIONS}: must be at most that; a list left out selects everything`;
      yield { path: [...path, index, 'filter'], message };
    }
  }
}

/** How many accounts the gateway's function lets in by name, each with two statements. */
export function callerAccountsThatFit(stackName: string): number {
  const statement = (id: string, action: string, condition: object) =>
    JSON.stringify({
      Sid: `${stackName}-${id}111122223333ABCDEF12-123456789012`.slice(0, 100),
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
      Action: action,
      Resource: `arn:aws:lambda:eu-central-1:111122223333:function:${'x'.repeat(64)}`,
      Condition: condition,
    }).length + 1;
  const envelope = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: [] }).length;
  const pair =
    statement('GatewayUrl', 'lambda:InvokeFunctionUrl', {
      StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' },
    }) +
    statement('GatewayFunction', 'lambda:InvokeFunction', {
      Bool: { 'lambda:InvokedViaFunctionUrl': 'true' },
    });
  return Math.floor((FUNCTION_POLICY_BYTES - envelope) / pair);
}

/** Also for stacks of other names, whose policies have more or less room. */
export function callerAccountsProblem(
  { gateway, callers }: Pick<Policy, 'gateway' | 'callers'>,
  stackName = 'MistralGovernance',
): PolicyProblem | undefined {
  if (!gateway.enabled || gateway.organizationId !== undefined) return undefined;
  const accounts = accountsOf(callers.map(({ principal }) => principal)).filter(
    (account) => account !== '*',
  );
  const most = callerAccountsThatFit(stackName);
  if (accounts.length <= most) return undefined;
  return {
    path: ['callers'],
    message: `they come from ${accounts.length} accounts, and the resource policy of the gateway's function has room for ${most}: must be at most that, or let the whole organization in by gateway.organizationId`,
  };
}

function* callerAccounts(policy: Policy): Problems {
  const problem = callerAccountsProblem(policy);
  if (problem !== undefined) yield problem;
}

/** Each workspace's keys are a stack: a secret, its policy and, with the Admin API, its schedule. */
function* keysOfWorkspaces(policy: Policy): Problems {
  const ofEach = policy.mistral.keySource === 'admin-api' ? 3 : 2;
  const served = gatewayWorkspaces(policy);
  for (const [index, workspace] of policy.workspaces.entries()) {
    const own = served.includes(workspace) ? 1 : 0;
    const most = Math.floor((STACK_RESOURCES - 1) / ofEach) - own;
    if (workspace.keys.length <= most) continue;
    const message = `${workspace.keys.length} of them are more than one CloudFormation stack has room for: must be at most ${most}`;
    yield { path: ['workspaces', index, 'keys'], message };
  }
}

/** A nested stack for each workspace, a pair of permissions for each account, a subscription each. */
function* mainStack(policy: Policy): Problems {
  const { callers, gateway, alerts } = policy;
  const stacks = new Set(plannedKeys(policy).map(({ workspace }) => workspace)).size;
  const accounts = accountsOf(callers.map(({ principal }) => principal)).length;
  const pairs = gateway.organizationId === undefined ? accounts : 1;
  const functions = alerts.subscriptions.filter(({ protocol }) => protocol === 'lambda').length;
  const other = alerts.subscriptions.length + functions + (gateway.enabled ? 2 * pairs : 0);
  const most = STACK_RESOURCES - MAIN_STACK_RESOURCES - other;
  if (stacks <= most) return;
  const message = `${stacks} of them have keys, and the CloudFormation stack has room for ${most} beside its own parts and the policy's subscriptions and permissions (${other}): must be at most that, or a second deployment in another account or region`;
  yield { path: ['workspaces'], message };
}

function* readersOfSecrets(policy: Policy): Problems {
  const ofGateway = plannedKeys(policy).some(({ workspace, key }) => !workspace.keys.includes(key));
  const secrets = [
    ...policy.workspaces.flatMap(({ keys }, index) =>
      keys.map(({ readers }, at) => ({
        readers,
        path: ['workspaces', index, 'keys', at, 'readers'],
      })),
    ),
    ...(ofGateway ? [{ readers: policy.gateway.readers, path: ['gateway', 'readers'] }] : []),
  ];
  for (const { readers, path } of secrets) {
    const bytes = secretPolicyBytes(readers, policy.administrators);
    if (bytes <= SECRET_POLICY_BYTES) continue;
    const message = `${countText(readers.length, 'ARN')} of ${readers.join('').length} characters make a resource policy of about ${bytes} bytes, and Secrets Manager takes ${SECRET_POLICY_BYTES}: must be fewer or shorter, or an account's root`;
    yield { path, message };
  }
}

/** An upper bound: each reader is named once to be let in and once not to be kept out, an administrator once. */
export function secretPolicyBytes(
  readers: readonly string[],
  administrators: readonly string[] = [],
): number {
  const base =
    administrators.length === 0
      ? SECRET_POLICY_BASE
      : SECRET_POLICY_BASE + SECRET_WRITES_BASE + JSON.stringify(administrators).length;
  const named = readers.reduce((sum, reader) => sum + 2 * JSON.stringify([reader]).length, 0);
  return base + named + JSON.stringify(accountsOf(readers)).length;
}

function* accountsOfReaders(policy: Policy): Problems {
  const accounts = accountsOf(plannedKeys(policy).flatMap(({ key }) => key.readers));
  const base = KEY_POLICY_BASE + JSON.stringify(policy.administrators).length;
  const most = Math.floor((KEY_POLICY_BYTES - base) / '"111122223333",'.length);
  if (accounts.length <= most) return;
  const message = `the readers of their keys come from ${accounts.length} accounts, and the policy of the KMS key has room for ${most}: must be at most that`;
  yield { path: ['workspaces'], message };
}

/** The accounts that ARNs are of. */
export function accountsOf(arns: readonly string[]): string[] {
  return [...new Set(arns.map((arn) => arn.split(':')[4] ?? ''))].sort();
}
