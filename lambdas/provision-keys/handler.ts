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
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export interface Provisioning {
  readonly started: readonly string[];
  /** Secrets without a key whose rotation somebody else has started and not finished. */
  readonly underWay: readonly string[];
}

/** Secrets Manager tries a new schedule for some seconds, and starts no rotation meanwhile. */
const ATTEMPTS = 10;
const PAUSE_MS = 10_000;

/**
 * Runs with each deploy that changed the policy or the code: starts the rotation that makes a
 * secret's first key. Secrets that hold a key are left alone.
 */
export function createProvisionKeysHandler(deps: ProvisionKeysDeps) {
  return async (): Promise<Provisioning> => {
    const { policy, log, sleep } = deps;
    const started: string[] = [];
    const failures: unknown[] = [];
    let underWay: readonly string[] = plannedKeys(policy).map(({ secretName }) => secretName);
    for (let attempt = 1; attempt <= ATTEMPTS && underWay.length > 0; attempt += 1) {
      if (attempt > 1) await sleep(PAUSE_MS);
      const waiting: string[] = [];
      for (const secretName of underWay) {
        const outcome = await startFirst(deps, secretName, failures);
        if (outcome === 'started') started.push(secretName);
        if (outcome === 'under way') waiting.push(secretName);
      }
      underWay = waiting;
    }
    log.info('first rotations started', { started, underWay });
    if (failures.length > 0) {
      throw new AggregateError(failures, `${failures.length} keys could not be provisioned`);
    }
    return { started, underWay };
  };
}

async function startFirst(
  { secrets, rotations, log }: ProvisionKeysDeps,
  secretName: string,
  failures: unknown[],
): Promise<'started' | 'under way' | 'nothing to do' | 'failed'> {
  try {
    const holdsKey = versionAt(await secrets.describe(secretName), 'AWSCURRENT') !== undefined;
    return holdsKey ? 'nothing to do' : await rotations.start(secretName);
  } catch (error) {
    failures.push(error);
    log.error('first rotation not started', { secret: secretName, error });
    return 'failed';
  }
}
