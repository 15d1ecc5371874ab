import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { createRetirements } from '../../governance/keys/retirements.aws.js';
import { createSecretRegister } from '../../governance/keys/secret-register.aws.js';
import { createSecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createProvisionKeysHandler } from './handler.js';

const ProvisionKeysEnvSchema = z.object({
  RECORDS_TABLE_NAME: z.string().min(1),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
});

/** What the construct sets. */
export type ProvisionKeysEnv = z.input<typeof ProvisionKeysEnvSchema>;

export function wireProvisionKeys({ policy, aws, log, now, sleep, ...runtime }: LoggingRuntime) {
  const env = ProvisionKeysEnvSchema.parse(runtime.env);
  const secretsManager = new SecretsManagerClient(aws);
  return createProvisionKeysHandler({
    policy,
    secrets: createSecretVersions(secretsManager, policy),
    rotations: createSecretRotations(secretsManager),
    register: createSecretRegister(new DynamoDBClient(aws), env.RECORDS_TABLE_NAME),
    retirements: createRetirements(new SFNClient(aws), env.RETIREMENT_STATE_MACHINE_ARN),
    log,
    now,
    sleep,
  });
}
