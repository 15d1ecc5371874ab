import {
  InvalidRequestException,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

export interface SecretRotations {
  /** Starts a rotation, which Secrets Manager then runs by itself. */
  start(secretId: string): Promise<'started' | 'in progress'>;
}

export function createSecretRotations(client: SecretsManagerClient): SecretRotations {
  return {
    async start(secretId) {
      try {
        await client.send(new RotateSecretCommand({ SecretId: secretId }));
        return 'started';
      } catch (error) {
        if (isInProgress(error)) return 'in progress';
        throw error;
      }
    },
  };
}

/** The same error class also says that a secret is deleted or has no rotation function. */
function isInProgress(error: unknown): boolean {
  return (
    error instanceof InvalidRequestException && /previous rotation|in progress/i.test(error.message)
  );
}
