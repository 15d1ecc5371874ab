import { setTimeout } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import {
  createManagedSecrets,
  type ManagedSecrets,
} from '../governance/keys/managed-secrets.aws.js';
import {
  createSecretRotations,
  type SecretRotations,
} from '../governance/keys/secret-rotations.aws.js';
import {
  createSecretVersions,
  type SecretVersions,
} from '../governance/keys/secret-versions.aws.js';
import { createAdminKeySource, type KeySource } from '../governance/mistral/key-source.js';
import type { Policy } from '../governance/policy/policy.js';
import { awsClientOptions } from './aws.js';
import type { CommonOptions } from './cli.js';
import { createDeployedFunctions, type DeployedFunctions } from './deployed-functions.js';
import { type DeployedStack, findDeployedStack } from './deployed-stack.js';
import { createRetirementFlows, type RetirementFlows } from './keys/retirement-flows.js';
import type { KnownKeys } from './known-keys.js';
import { openMistralAdmin } from './mistral.js';

/** The deployed system and what its commands act on. */
export interface Deployment {
  readonly stack: DeployedStack;
  readonly functions: DeployedFunctions;
  readonly secrets: SecretVersions;
  readonly versions: ManagedSecrets;
  readonly rotations: SecretRotations;
  readonly flows: RetirementFlows;
  keySource(policy: Policy): KeySource;
}

/** @throws CommandFailure where the stack is not there */
export async function connect(options: CommonOptions, keys: KnownKeys): Promise<Deployment> {
  const client = awsClientOptions(options);
  const stack = await findDeployedStack(new CloudFormationClient(client), options);
  const secretsManager = new SecretsManagerClient(client);
  // Goes only as fast as Step Functions bears, where many executions are looked at.
  const stepFunctions = new SFNClient({ ...client, retryMode: 'adaptive', maxAttempts: 8 });
  return {
    stack,
    functions: createDeployedFunctions(client),
    secrets: createSecretVersions(secretsManager),
    versions: createManagedSecrets(secretsManager),
    rotations: createSecretRotations(secretsManager),
    flows: createRetirementFlows({
      client: stepFunctions,
      stateMachineArn: stack.output('RetirementStateMachineArn'),
      sleep: setTimeout,
    }),
    keySource: (policy) => createAdminKeySource(openMistralAdmin(policy, options, keys)),
  };
}
