import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { createProber } from '../../governance/mistral/client.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createVerifyDeletionHandler } from './handler.js';

export function wireVerifyDeletion({ policy, aws, log, now, ...runtime }: LoggingRuntime) {
  return createVerifyDeletionHandler({
    policy,
    secrets: createSecretVersions(new SecretsManagerClient(aws), policy),
    prober: createProber(policy, runtime.mistral),
    log,
    now,
  });
}
