import * as z from 'zod';
import type { Cloud } from './cloud.js';

const StacksSchema = z.object({
  StackSummaries: z.array(z.object({ StackName: z.string(), StackStatus: z.string() })),
});
const ResourcesSchema = z.object({
  StackResourceSummaries: z.array(
    z.object({
      LogicalResourceId: z.string(),
      PhysicalResourceId: z.string().default(''),
      ResourceType: z.string(),
    }),
  ),
});
const SecretsSchema = z.object({ SecretList: z.array(z.object({ Name: z.string() })) });
const TablesSchema = z.object({ TableNames: z.array(z.string()) });
const FunctionsSchema = z.object({ Functions: z.array(z.object({ FunctionName: z.string() })) });
const TopicsSchema = z.object({ Topics: z.array(z.object({ TopicArn: z.string() })) });
const MachinesSchema = z.object({ stateMachines: z.array(z.object({ name: z.string() })) });
const KeysSchema = z.object({ Keys: z.array(z.object({ KeyId: z.string() })) });
const GroupsSchema = z.object({ logGroups: z.array(z.object({ logGroupName: z.string() })) });
const SchedulesSchema = z.object({ Schedules: z.array(z.object({ Name: z.string() })) });
const AlarmsSchema = z.object({ MetricAlarms: z.array(z.object({ AlarmName: z.string() })) });

export interface DeployedResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** Everything in the stacks of the app, nested ones included. */
export async function deployedResources({ aws }: Cloud): Promise<DeployedResource[]> {
  const { StackSummaries } = StacksSchema.parse(await aws('cloudformation', 'list-stacks'));
  const names = StackSummaries.filter(
    ({ StackName, StackStatus }) =>
      StackName.startsWith('MistralGovernance') && StackStatus !== 'DELETE_COMPLETE',
  ).map(({ StackName }) => StackName);
  const resources: DeployedResource[] = [];
  for (const name of names) {
    const listed = await aws('cloudformation', 'list-stack-resources', '--stack-name', name);
    for (const resource of ResourcesSchema.parse(listed).StackResourceSummaries) {
      resources.push({
        logicalId: resource.LogicalResourceId,
        physicalId: resource.PhysicalResourceId,
        type: resource.ResourceType,
      });
    }
  }
  return resources;
}

/** What there is in the account, whoever made it. */
export async function inventory({ aws }: Cloud) {
  const [secrets, tables, functions, topics, machines, keys, groups, schedules, alarms] =
    await Promise.all([
      aws('secretsmanager', 'list-secrets').then(SecretsSchema.parse),
      aws('dynamodb', 'list-tables').then(TablesSchema.parse),
      aws('lambda', 'list-functions').then(FunctionsSchema.parse),
      aws('sns', 'list-topics').then(TopicsSchema.parse),
      aws('stepfunctions', 'list-state-machines').then(MachinesSchema.parse),
      aws('kms', 'list-keys').then(KeysSchema.parse),
      aws('logs', 'describe-log-groups').then(GroupsSchema.parse),
      aws('scheduler', 'list-schedules').then(SchedulesSchema.parse),
      aws('cloudwatch', 'describe-alarms').then(AlarmsSchema.parse),
    ]);
  return {
    secrets: secrets.SecretList.map(({ Name }) => Name).sort(),
    tables: tables.TableNames,
    keys: keys.Keys.map(({ KeyId }) => KeyId),
    functions: functions.Functions.map(({ FunctionName }) => FunctionName),
    topics: topics.Topics.map(({ TopicArn }) => TopicArn),
    stateMachines: machines.stateMachines.map(({ name }) => name),
    logGroups: groups.logGroups.map(({ logGroupName }) => logGroupName),
    schedules: schedules.Schedules.map(({ Name }) => Name),
    alarms: alarms.MetricAlarms.map(({ AlarmName }) => AlarmName),
  };
}
