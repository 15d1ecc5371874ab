import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { createSecretPolicies } from '../../governance/keys/secret-policies.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createMistral } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createProvideSecretHandler } from './handler.js';

const ProvideSecretEnvSchema = z.object({ ROTATION_FUNCTION_ARN: z.string().min(1) });

/** What the construct sets. */
export type ProvideSecretEnv = z.input<typeof ProvideSecretEnvSchema>;

export function wireProvideSecret({ policy, aws, log, now, sleep, ...runtime }: LoggingRuntime) {
  const env = ProvideSecretEnvSchema.parse(runtime.env);
  const secretsManager = new SecretsManagerClient(aws);
  return createProvideSecretHandler({
    policy,
    secrets: createSecretVersions(secretsManager, policy),
    policies: createSecretPolicies(secretsManager, sleep),
    keySource: createMistral(policy, secretsManager, runtime.mistral).keySource,
    rotationFunctionArn: env.ROTATION_FUNCTION_ARN,
    log,
    now,
  });
}
