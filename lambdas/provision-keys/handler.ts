import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { type RemovalDeps, retireRemoved } from '../../governance/keys/removed-keys.js';
import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import {
  type DescribedSecret,
  isRotating,
  loadOf,
  roomFor,
} from '../../governance/keys/rotation-limits.js';
import type { SecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import { readOwnKey } from '../../governance/keys/stored-keys.js';
import { createFailures, type Failures } from '../../governance/platform/failures.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';

export interface ProvisionKeysDeps extends RemovalDeps, Pick<KeyDeps, 'sleep'> {
  readonly rotations: SecretRotations;
}

export interface Provisioning {
  readonly started: readonly string[];
  /** Secrets without a key whose first rotation was started before and has not finished. */
  readonly inProgress: readonly string[];
  /** Secrets without a key whose first rotation waits for the limits of the policy. */
  readonly waiting: readonly string[];
  /** Secrets that left the policy, whose keys are now being retired. */
  readonly retiring: readonly string[];
}

/** Secrets Manager tries a new schedule for some seconds, and starts no rotation meanwhile. */
const ATTEMPTS = 10;
const PAUSE_MS = 10_000;
const DESCRIBED_AT_ONCE = 8;

/**
 * Runs with each deploy that changed the policy or the code, and every hour: retires the keys of secrets that
 * left the policy, and starts the rotation that creates a secret's first key, as many of them as the policy's
 * limits leave room for. Other secrets are left alone.
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
): Promise<Omit<Provisioning, 'retiring'>> {
  const started: string[] = [];
  const failed = new Set<string>();
  for (let attempt = 1; ; attempt += 1) {
    const secrets = await describeAll(deps, failed, failures);
    const keyless = secrets.filter(({ name, hasKey }) => !hasKey && !started.includes(name));
    // Those in progress have taken their room already.
    const [begun, others] = [true, false].map((has) =>
      keyless.filter(({ state }) => isRotating(state) === has),
    );
    const room = roomFor(loadOf(secrets, started, deps.now()), deps.policy.rotation);
    const inProgress: string[] = [];
    for (const { name } of [...(begun ?? []), ...(others ?? []).slice(0, room)]) {
      const outcome = await failures.attempt('first rotation not started', name, () =>
        deps.rotations.start(name),
      );
      if (outcome === 'started') started.push(name);
      else if (outcome === 'in progress') inProgress.push(name);
      else failed.add(name);
    }
    const waiting = (others ?? []).slice(room).map(({ name }) => name);
    const isDone = inProgress.length === 0 && waiting.length === 0;
    if (isDone || attempt === ATTEMPTS) return { started, inProgress, waiting };
    await deps.sleep(PAUSE_MS);
  }
}

/** Every secret of the policy but those that were not to be described or started. */
async function describeAll(
  deps: ProvisionKeysDeps,
  failed: Set<string>,
  failures: Failures,
): Promise<readonly DescribedSecret[]> {
  const names = plannedKeys(deps.policy).map(({ secretName }) => secretName);
  const described = await mapBounded(names, DESCRIBED_AT_ONCE, async (name) => {
    if (failed.has(name)) return [];
    const secret = await failures.attempt('first rotation not started', name, async () => {
      const state = await deps.secrets.describe(name);
      return { name, state, hasKey: await holdsKey(deps.secrets, state) };
    });
    if (secret === undefined) failed.add(name);
    return secret ? [secret] : [];
  });
  return described.flat();
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
