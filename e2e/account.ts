import * as z from 'zod';
import type { Cloud } from './cloud.js';

const NamesSchema = z.array(z.string());
const ResourcesSchema = z.array(
  z.object({ logicalId: z.string(), physicalId: z.string().nullable(), type: z.string() }),
);

export interface DeployedResource {
  readonly logicalId: string;
  readonly physicalId: string | null;
  readonly type: string;
}

/** Everything in the stacks of the app, nested ones included. */
export async function deployedResources({ aws }: Cloud): Promise<DeployedResource[]> {
  const ours = `starts_with(StackName, 'MistralGovernance') && StackStatus != 'DELETE_COMPLETE'`;
  const stacks = NamesSchema.parse(
    await aws('cloudformation list-stacks', { query: `StackSummaries[?${ours}].StackName` }),
  );
  const fields =
    '{logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType}';
  const query = `StackResourceSummaries[].${fields}`;
  const resources: DeployedResource[] = [];
  for (const stack of stacks) {
    const listed = await aws('cloudformation list-stack-resources', { 'stack-name': stack, query });
    resources.push(...ResourcesSchema.parse(listed));
  }
  return resources;
}

/** The name of a deployed function that no output has. */
export function functionNamed(resources: readonly DeployedResource[], start: string): string {
  const found = resources.find(
    ({ type, logicalId }) => type === 'AWS::Lambda::Function' && logicalId.startsWith(start),
  );
  if (!found?.physicalId) throw new Error(`no function of ${start} was deployed`);
  return found.physicalId;
}

/** What there is in the account, whatever made it. */
export async function inventory({ aws }: Cloud) {
  const names = async (command: string, query: string) =>
    NamesSchema.parse(await aws(command, { query }));
  const [secrets, tables, functions, topics, stateMachines, keys, logGroups, schedules, alarms] =
    await Promise.all([
      names('secretsmanager list-secrets', 'SecretList[].Name'),
      names('dynamodb list-tables', 'TableNames'),
      names('lambda list-functions', 'Functions[].FunctionName'),
      names('sns list-topics', 'Topics[].TopicArn'),
      names('stepfunctions list-state-machines', 'stateMachines[].name'),
      names('kms list-keys', 'Keys[].KeyId'),
      names('logs describe-log-groups', 'logGroups[].logGroupName'),
      names('scheduler list-schedules', 'Schedules[].Name'),
      names('cloudwatch describe-alarms', 'MetricAlarms[].AlarmName'),
    ]);
  return {
    ...{ secrets, tables, functions, topics, stateMachines, keys, logGroups, schedules, alarms },
  };
}

/** A role, with all that it may do. */
export async function createRole(
  { aws }: Cloud,
  name: string,
  trusted: object,
  actions: readonly string[],
): Promise<void> {
  await aws('iam create-role', {
    'role-name': name,
    'assume-role-policy-document': allow({ Principal: trusted, Action: 'sts:AssumeRole' }),
  });
  await aws('iam put-role-policy', {
    'role-name': name,
    'policy-name': 'all',
    'policy-document': allow({ Action: actions, Resource: '*' }),
  });
}

/** A policy of one statement. */
export function allow(what: object) {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...what }] };
}
