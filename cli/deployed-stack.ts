import {
  type CloudFormationClient,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { messageOf } from '../governance/platform/failures.js';
import { stackNameOf } from '../governance/policy/stack-name.js';
import type { CommonOptions } from './cli.js';
import { CommandFailure, EXIT } from './failure.js';

export type OutputName =
  | 'AlertsTopicArn'
  | 'AuditFunctionName'
  | 'RotationFunctionName'
  | 'RetirementStateMachineArn'
  | 'SpendMonitorFunctionName'
  | 'QuotaTableName'
  | 'EvidenceBucketName'
  | 'GatewayUrl';

/** The stack as deployed in one account and region. */
export interface DeployedStack {
  readonly name: string;
  /** @throws CommandFailure where the stack has no such output */
  output(name: OutputName): string;
}

export function stackName({ stack, environment }: Pick<CommonOptions, 'stack' | 'environment'>) {
  return stack ?? stackNameOf(environment);
}

/** @throws CommandFailure where the stack does not exist */
export async function findDeployedStack(
  client: CloudFormationClient,
  options: Pick<CommonOptions, 'stack' | 'environment'>,
): Promise<DeployedStack> {
  const name = stackName(options);
  const stack = await describeStack(client, name);
  if (!stack || stack.StackStatus === 'DELETE_COMPLETE') {
    const region = await client.config.region();
    throw new CommandFailure(
      'stack_not_found',
      EXIT.unreachable,
      `stack ${name} does not exist in region ${region}: deploy it with npx cdk deploy --all, or name another one with --stack, --environment, --region or --profile`,
    );
  }
  const outputs = new Map(stack.Outputs?.map((one) => [one.OutputKey, one.OutputValue]));
  return {
    name,
    output(key) {
      const value = outputs.get(key);
      if (value) return value;
      const isGateway = key === 'GatewayUrl';
      const why = isGateway ? 'its policy does not enable the gateway' : 'deploy it again';
      const message = `stack ${name} has no output ${key}: ${why}`;
      throw new CommandFailure('stack_without_output', EXIT.unreachable, message);
    },
  };
}

async function describeStack(
  client: CloudFormationClient,
  name: string,
): Promise<Stack | undefined> {
  try {
    return (await client.send(new DescribeStacksCommand({ StackName: name }))).Stacks?.[0];
  } catch (error) {
    // CloudFormation has no code of its own for a stack that does not exist.
    if (/does not exist/.test(messageOf(error))) return undefined;
    throw error;
  }
}
