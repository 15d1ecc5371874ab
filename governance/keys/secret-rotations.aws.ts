import {
  InvalidRequestException,
  RotateSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

export interface SecretRotations {
  /** Asks Secrets Manager for a rotation, which then runs by itself. */
  start(secretId: string): Promise<'started' | 'under way'>;
}

export function createSecretRotations(client: SecretsManagerClient): SecretRotations {
  return {
    async start(secretId) {
      try {
        await client.send(new RotateSecretCommand({ SecretId: secretId }));
        return 'started';
      } catch (error) {
        if (isUnderWay(error)) return 'under way';
        throw error;
      }
    },
  };
}

/** The same error class also says that a secret is deleted or has no rotation function. */
function isUnderWay(error: unknown): boolean {
  return (
    error instanceof InvalidRequestException && /previous rotation|in progress/i.test(error.message)
  );
}
