import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../lambdas/adapters/secret-versions.js';
import { awsClientOptions } from '../aws.js';
import type { CommonOptions } from '../cli.js';
import { findDeployedStack } from '../deployed-stack.js';
import type { SupplyDeps } from './supply-key.js';
import { createSupplySteps } from './supply-steps.js';

const STEP_TIMEOUT_MS = 5 * 60_000;

/** What supplying a key acts on in the deployed stack. @throws CommandFailure where it is not there */
export async function openSupply(
  options: CommonOptions,
): Promise<Pick<SupplyDeps, 'secrets' | 'steps'>> {
  const client = awsClientOptions(options);
  const stack = await findDeployedStack(new CloudFormationClient(client), options);
  const lambda = new LambdaClient({
    ...client,
    requestHandler: { connectionTimeout: 5000, requestTimeout: STEP_TIMEOUT_MS },
  });
  return {
    secrets: createSecretVersions(new SecretsManagerClient(client)),
    steps: createSupplySteps(lambda, stack.output('RotationFunctionName')),
  };
}
