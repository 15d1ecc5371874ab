import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { type RemovalDeps, retireRemoved } from '../../governance/keys/removed-keys.js';
import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import type { SecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import { readOwnKey } from '../../governance/keys/stored-keys.js';
import { createFailures, type Failures } from '../../governance/platform/failures.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';

export interface ProvisionKeysDeps extends RemovalDeps, Pick<KeyDeps, 'sleep'> {
  readonly rotations: SecretRotations;
}

export interface Provisioning {
  readonly started: readonly string[];
  /** Secrets without a key whose first rotation was started before and has not finished. */
  readonly inProgress: readonly string[];
  /** Secrets that left the policy, whose keys are now being retired. */
  readonly retiring: readonly string[];
}

/** Secrets Manager tries a new schedule for some seconds, and starts no rotation meanwhile. */
const ATTEMPTS = 10;
const PAUSE_MS = 10_000;

/**
 * Runs with each deploy that changed the policy or the code: retires the keys of secrets that left
 * the policy, and starts the rotation that creates a secret's first key. Other secrets are left alone.
 */
export function createProvisionKeysHandler(deps: ProvisionKeysDeps) {
  return async (): Promise<Provisioning> => {
    const failures = createFailures(deps.log);
    const retiring = await retireRemoved(deps, failures);
    const rotations = await startFirstRotations(deps, failures);
    deps.log.info('keys provisioned', { ...rotations, retiring });
    failures.throwIfAny();
    return { ...rotations, retiring };
  };
}

async function startFirstRotations(
  deps: ProvisionKeysDeps,
  failures: Failures,
): Promise<Pick<Provisioning, 'started' | 'inProgress'>> {
  const started: string[] = [];
  let inProgress: readonly string[] = plannedKeys(deps.policy).map(({ secretName }) => secretName);
  for (let attempt = 1; attempt <= ATTEMPTS && inProgress.length > 0; attempt += 1) {
    if (attempt > 1) await deps.sleep(PAUSE_MS);
    const waiting: string[] = [];
    for (const secretName of inProgress) {
      const outcome = await failures.attempt('first rotation not started', secretName, () =>
        startFirst(deps, secretName),
      );
      if (outcome === 'started') started.push(secretName);
      if (outcome === 'in progress') waiting.push(secretName);
    }
    inProgress = waiting;
  }
  return { started, inProgress };
}

async function startFirst(
  { secrets, rotations }: ProvisionKeysDeps,
  secretName: string,
): Promise<'started' | 'in progress' | 'nothing to do'> {
  const state = await secrets.describe(secretName);
  return (await holdsKey(secrets, state)) ? 'nothing to do' : await rotations.start(secretName);
}

/** AWS does not say that no empty version, which a trial of the schedule makes, is ever current. */
async function holdsKey(
  secrets: ProvisionKeysDeps['secrets'],
  state: SecretState,
): Promise<boolean> {
  const current = versionAt(state, 'AWSCURRENT');
  if (current === undefined || state.lastRotatedAt) return current !== undefined;
  let isForeign = false;
  const key = await readOwnKey(secrets, state.arn, current, () => {
    isForeign = true;
  });
  return key !== undefined || isForeign;
}
