import type { Log } from '../adapters/log.js';
import type { SecretRotations } from '../adapters/secret-rotations.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import { plannedKeys } from '../domain/planned-keys.js';
import type { Policy } from '../domain/policy.js';
import { versionAt } from '../domain/rotation.js';

export interface ProvisionKeysDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly rotations: SecretRotations;
  readonly log: Log;
}

/**
 * Runs with each deploy that changed the policy: starts the rotation that makes a secret's first
 * key. Secrets that hold a key are left alone.
 */
export function createProvisionKeysHandler({ policy, secrets, rotations, log }: ProvisionKeysDeps) {
  return async (): Promise<{ started: readonly string[] }> => {
    const started: string[] = [];
    const failures: unknown[] = [];
    for (const { secretName } of plannedKeys(policy)) {
      try {
        if (versionAt(await secrets.describe(secretName), 'AWSCURRENT') !== undefined) continue;
        if ((await rotations.start(secretName)) === 'started') started.push(secretName);
      } catch (error) {
        failures.push(error);
        log.error('first rotation not started', { secret: secretName, error });
      }
    }
    log.info('first rotations started', { started });
    if (failures.length > 0) {
      throw new AggregateError(failures, `${failures.length} keys could not be provisioned`);
    }
    return { started };
  };
}
