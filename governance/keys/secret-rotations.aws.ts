import {
  InvalidRequestException,
  RotateSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { REPLACE_NOW, type SecretState, versionAt } from './rotation.js';

export interface SecretRotations {
  /** Starts a rotation, which Secrets Manager then runs by itself. */
  start(secretId: string): Promise<'started' | 'in progress'>;
  /** Lets the next key become current at any time. */
  replaceNow(secret: SecretState): Promise<void>;
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

    async replaceNow(secret) {
      const current = versionAt(secret, 'AWSCURRENT');
      const marked = versionAt(secret, REPLACE_NOW);
      if (current === undefined || marked === current) return;
      await client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: secret.arn,
          VersionStage: REPLACE_NOW,
          MoveToVersionId: current,
          RemoveFromVersionId: marked,
        }),
      );
    },
  };
}

/** The same error class also says that a secret is deleted or has no rotation function. */
function isInProgress(error: unknown): boolean {
  return (
    error instanceof InvalidRequestException && /previous rotation|in progress/i.test(error.message)
  );
}
