import type { Alert } from '../../alerts/alert.js';

export interface FailedRotation {
  readonly secretName: string;
  readonly secretArn: string;
  readonly workspace: string;
  /** The rotation step that failed. */
  readonly step: string;
  readonly reason: string;
  /** Whether the new key is gone from Mistral and its version from AWSPENDING. */
  readonly keyWithdrawn: boolean;
  readonly at: Date;
  readonly threadId: string;
}

/** A rotation that ended before its new key was put in charge. */
export function rotationFailed(failed: FailedRotation): Alert {
  const { secretName, secretArn, workspace, step, reason, keyWithdrawn, at, threadId } = failed;
  return {
    type: 'rotation-failed',
    severity: 'warning',
    workspace,
    threadId,
    at,
    title: `Rotation of ${secretName} failed`,
    description: `The new key did not pass ${step}: ${reason}. Services are not affected: the key they use stays in charge. ${keyWithdrawn ? 'The new key has been deleted at Mistral' : 'The new key stays pending'}, and Secrets Manager tries again by itself.`,
    facts: { secret: secretName, step, reason, 'new key withdrawn': keyWithdrawn ? 'yes' : 'no' },
    nextSteps: [
      {
        say: 'Once the cause is removed, rotate at once instead of waiting for the next attempt',
        command: `aws secretsmanager rotate-secret --secret-id ${secretArn}`,
      },
    ],
  };
}
