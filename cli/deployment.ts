import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { createManagedSecrets } from '../governance/keys/managed-secrets.aws.js';
import { createSecretRotations } from '../governance/keys/secret-rotations.aws.js';
import { createSecretVersions } from '../governance/keys/secret-versions.aws.js';
import { createLedgerStore } from '../governance/ledger/ledger-store.aws.js';
import { createAdminKeySource } from '../governance/mistral/key-source.js';
import type { Policy } from '../governance/policy/policy.js';
import { createPublishedPrices } from '../governance/prices/published-prices.aws.js';
import type { Cli, CommonOptions } from './cli.js';
import { createDeployedFunctions } from './deployed-functions.js';
import { findDeployedStack } from './deployed-stack.js';
import { createRetirementFlows } from './keys/retirement-flows.js';
import { awsClientOptions, openMistralAdmin } from './mistral.js';

/** The deployed stack and what commands act on. */
export type Deployment = Awaited<ReturnType<typeof connect>>;

/** @throws CommandFailure where the stack does not exist */
export async function connect(
  { keys, sleep, outbound }: Pick<Cli, 'keys' | 'sleep' | 'outbound'>,
  options: CommonOptions,
) {
  const agents = await outbound();
  const client = awsClientOptions(options, agents);
  const stack = await findDeployedStack(new CloudFormationClient(client), options);
  const secretsManager = new SecretsManagerClient(client);
  return {
    stack,
    functions: createDeployedFunctions(client),
    secrets: createSecretVersions(secretsManager),
    versions: createManagedSecrets(secretsManager),
    rotations: createSecretRotations(secretsManager),
    flows: createRetirementFlows(
      // Slows down where Step Functions throttles, as it does for many executions.
      new SFNClient({ ...client, retryMode: 'adaptive', maxAttempts: 8 }),
      stack.output('RetirementStateMachineArn'),
      sleep,
    ),
    publishedPrices: () =>
      createPublishedPrices(new DynamoDBClient(client), stack.output('QuotaTableName')),
    ledger: () => createLedgerStore(new DynamoDBClient(client), stack.output('QuotaTableName')),
    keySource: (policy: Policy) =>
      createAdminKeySource(openMistralAdmin(policy, options, keys, agents)),
  };
}
