import { SecretGoneError, SecretValueError } from '../platform/errors.js';
import type { Failures } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import { mapBounded } from '../platform/map-bounded.js';
import { plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { planRemoval, type RegisteredSecret, removalName, versionsToRetire } from './removal.js';
import type { Retirements } from './retirements.aws.js';
import type { SecretState } from './rotation.js';
import type { SecretRegister } from './secret-register.aws.js';
import type { SecretVersions } from './secret-versions.aws.js';

export interface RemovalDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly register: SecretRegister;
  readonly retirements: Pick<Retirements, 'start'>;
  readonly log: Log;
  readonly now: () => Date;
}

const WRITES_AT_ONCE = 8;

/** Remembers what the policy names now, for the deploy that no longer finds it there. */
export async function registerPlanned(
  { policy, register, now }: Pick<RemovalDeps, 'policy' | 'register' | 'now'>,
  failures: Failures,
): Promise<void> {
  const plannedAt = now().toISOString();
  await mapBounded(plannedKeys(policy), WRITES_AT_ONCE, ({ secretName, workspace }) =>
    failures.attempt('secret not registered', secretName, () =>
      register.put({ secretName, workspace: workspace.name, plannedAt }),
    ),
  );
}

/**
 * Hands the keys of secrets that left the policy to the retirement flow. A secret is forgotten only
 * when its flows have started, so that a crash in between starts the same ones again.
 */
export async function retireRemoved(
  deps: RemovalDeps,
  failures: Failures,
): Promise<readonly string[]> {
  const planned = new Set(plannedKeys(deps.policy).map(({ secretName }) => secretName));
  const retiring: string[] = [];
  for (const secret of await deps.register.all()) {
    const { secretName } = secret;
    if (planned.has(secretName)) continue;
    await failures.attempt('removed key not retired', secretName, async () => {
      if (await retire(deps, secret)) retiring.push(secretName);
      await deps.register.forget(secretName);
    });
  }
  return retiring;
}

/** Whether there was a key to retire. Of what cannot be read, the audit reports the key. */
async function retire(deps: RemovalDeps, secret: RegisteredSecret): Promise<boolean> {
  const { policy, secrets, retirements, log, now } = deps;
  try {
    const state = await secrets.describe(secret.secretName);
    const keys = await keysToRetire(secrets, state);
    for (const key of keys) {
      const retirement = planRemoval(policy.rotation, secret, state, key, now());
      await retirements.start(removalName(secret, key.versionId), retirement);
    }
    return keys.length > 0;
  } catch (error) {
    if (!(error instanceof SecretGoneError || error instanceof SecretValueError)) throw error;
    log.warn('removed key not retired', { secret: secret.secretName, reason: error.message });
    return false;
  }
}

async function keysToRetire(secrets: RemovalDeps['secrets'], state: SecretState) {
  const keys: { keyId: string; versionId: string }[] = [];
  for (const versionId of versionsToRetire(state)) {
    const key = await secrets.read(state.arn, versionId);
    if (key) keys.push({ keyId: key.keyId, versionId });
  }
  return keys;
}
