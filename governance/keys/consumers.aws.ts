import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsClientConfig } from '../platform/aws-client.js';
import { head } from '../platform/quoting.js';
import type { Consumer, RestartState } from './refresh.js';

/** Services that read a key only when they start. */
export interface Consumers {
  /**
   * Has the consumer restart, unless it has since the key was promoted, and says how that goes. Safe to repeat:
   * one promotion is one new start.
   */
  refresh(consumer: Consumer, promotion: Promotion): Promise<RestartState>;
}

export interface Promotion {
  readonly promotedAt: Date;
  readonly versionId: string;
}

export function createConsumers(aws: AwsClientConfig): Consumers {
  return {
    async refresh(consumer, promotion) {
      const { assumeRole } = consumer;
      const config = assumeRole === undefined ? aws : await assumed(aws, assumeRole);
      return 'ecs' in consumer
        ? refreshService(new ECSClient(config), consumer.ecs, promotion)
        : refreshFunction(new LambdaClient(config), consumer.lambda.function, promotion);
    },
  };
}

async function assumed(aws: AwsClientConfig, RoleArn: string): Promise<AwsClientConfig> {
  const { Credentials } = await new STSClient(aws).send(
    new AssumeRoleCommand({
      RoleArn,
      RoleSessionName: 'mistral-governance-refresh',
      DurationSeconds: 900,
    }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey) throw new Error(`no credentials for ${RoleArn}`);
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
  };
  return { ...aws, credentials };
}

/** Tasks resolve their secrets as they start: a deployment that began after the promotion has the new key. */
async function refreshService(
  client: ECSClient,
  { cluster, service }: { readonly cluster: string; readonly service: string },
  { promotedAt }: Promotion,
): Promise<RestartState> {
  const { services = [], failures = [] } = await client.send(
    new DescribeServicesCommand({ cluster, services: [service] }),
  );
  const [found] = services;
  if (found?.status !== 'ACTIVE') {
    const reason = failures[0]?.reason ?? found?.status ?? 'not found';
    return { kind: 'failed', reason: `the service is ${reason}` };
  }
  const { deployments = [], desiredCount = 0, runningCount = 0 } = found;
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const isNew = primary?.createdAt !== undefined && primary.createdAt >= promotedAt;
  if (!isNew) {
    await client.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
    return { kind: 'starting' };
  }
  if (primary.rolloutState === 'FAILED') {
    return { kind: 'failed', reason: primary.rolloutStateReason ?? 'the deployment failed' };
  }
  const isComplete = primary.rolloutState === 'COMPLETED' || primary.rolloutState === undefined;
  const isSteady = isComplete && deployments.length === 1 && runningCount === desiredCount;
  return { kind: isSteady ? 'steady' : 'starting' };
}

const LONGEST_DESCRIPTION = 256;
const MARK = / ?\[Mistral key [^\]]*\]$/;

/**
 * Any change of its configuration starts new instances of a function. The description says which: environment
 * variables could hold secrets, so they are neither kept nor written.
 */
async function refreshFunction(
  client: LambdaClient,
  FunctionName: string,
  { versionId }: Promotion,
): Promise<RestartState> {
  const found = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { Description = '', LastUpdateStatus, LastUpdateStatusReason, RevisionId } = found;
  const mark = `[Mistral key ${head(versionId, 8)}]`;
  if (LastUpdateStatus === 'InProgress') return { kind: 'starting' };
  if (Description.endsWith(mark)) {
    return LastUpdateStatus === 'Failed'
      ? { kind: 'failed', reason: LastUpdateStatusReason ?? 'the update failed' }
      : { kind: 'steady' };
  }
  const rest = head(Description.replace(MARK, ''), LONGEST_DESCRIPTION - mark.length - 1);
  await client.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      Description: `${rest} ${mark}`.trim(),
      RevisionId, // of what was read: a deploy in between stays as it is
    }),
  );
  return { kind: 'starting' };
}
