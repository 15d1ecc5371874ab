import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { awsClientOptions } from '../mistral.js';
import { findSecrets, type SearchOptions } from './find-secrets.js';
import { trailReaders } from './trail-readers.js';

/** Ten thousand secrets are as many calls: a throttled one waits longer than a single call of another command. */
const PATIENT = { maxAttempts: 10, retryMode: 'adaptive' };

export function openInitClients(aws: ReturnType<typeof awsClientOptions>) {
  const config = { ...aws, ...PATIENT };
  return {
    findSecrets: (options: SearchOptions) => findSecrets(new SecretsManagerClient(config), options),
    trailReaders: (options: Parameters<typeof trailReaders>[1]) =>
      trailReaders(new CloudTrailClient(config), options),
  };
}
