import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { createSecretMaker } from '../../governance/keys/secret-maker.aws.js';
import { createSecretPolicies } from '../../governance/keys/secret-policies.aws.js';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createAdminApi } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createProvideSecretHandler } from './handler.js';

const ProvideSecretEnvSchema = z.object({ ROTATION_FUNCTION_ARN: z.string().min(1) });

/** What the construct sets. */
export type ProvideSecretEnv = z.input<typeof ProvideSecretEnvSchema>;

/** In operator mode, no policy has a secret whose key must be found. */
const NO_KEYS = {
  list: () => {
    throw new Error('without the Admin API, no key can be listed');
  },
};

export function wireProvideSecret({ policy, aws, log, now, sleep, ...runtime }: LoggingRuntime) {
  const env = ProvideSecretEnvSchema.parse(runtime.env);
  const secretsManager = new SecretsManagerClient(aws);
  return createProvideSecretHandler({
    policy,
    secrets: createSecretVersions(secretsManager, policy),
    policies: createSecretPolicies(secretsManager, sleep),
    maker: createSecretMaker(secretsManager),
    keySource: createAdminApi(policy, secretsManager, runtime.mistral)?.keySource ?? NO_KEYS,
    rotationFunctionArn: env.ROTATION_FUNCTION_ARN,
    log,
    now,
  });
}
