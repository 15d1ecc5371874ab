import type { Failures } from '../platform/failures.js';
import { mapBounded } from '../platform/map-bounded.js';
import { isExisting, plannedKeys } from '../policy/planned-keys.js';
import type { KeyDeps } from './key-deps.js';
import { firstCheckAt, type RemovedKey, retirementRules } from './retirement.js';
import type { SecretState } from './rotation.js';
import type { RegisteredSecret, SecretRegister } from './secret-register.aws.js';
import { describeExisting, readOwnKey } from './stored-keys.js';

export interface RemovalDeps
  extends Pick<KeyDeps, 'policy' | 'secrets' | 'retirements' | 'log' | 'now'> {
  readonly register: SecretRegister;
}

const WRITES_AT_ONCE = 8;

/**
 * Registers the secrets of the policy, and starts the retirement of the keys of those that left it. A
 * secret is forgotten only when its flows have started, so that a crash in between starts them again.
 */
export async function retireRemoved(
  deps: RemovalDeps,
  failures: Failures,
): Promise<readonly string[]> {
  const planned = new Set(plannedKeys(deps.policy).map(({ secretName }) => secretName));
  await registerPlanned(deps, failures);
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

async function registerPlanned(
  { policy, register, now }: RemovalDeps,
  failures: Failures,
): Promise<void> {
  const plannedAt = now().toISOString();
  await mapBounded(plannedKeys(policy), WRITES_AT_ONCE, (planned) => {
    const { secretName, workspace } = planned;
    const entry = { secretName, workspace: workspace.name, plannedAt };
    return failures.attempt('secret not registered', secretName, () =>
      register.put(isExisting(planned) ? { ...entry, existing: true } : entry),
    );
  });
}

/** Whether there was a key to retire. Of what cannot be read, the audit reports the key. */
async function retire(deps: RemovalDeps, secret: RegisteredSecret): Promise<boolean> {
  const { policy, retirements, now } = deps;
  const { secretName } = secret;
  if (secret.existing) {
    deps.log.info('given back: its key stays', { secret: secretName });
    return false;
  }
  const warn = (reason: string) =>
    deps.log.warn('removed key not retired', { secret: secretName, reason });
  const state = await describeExisting(deps.secrets, secretName, warn);
  if (!state) return false;
  const removed: RemovedKey[] = [];
  for (const versionId of versionsToRetire(state)) {
    const key = await readOwnKey(deps.secrets, state.arn, versionId, warn);
    if (!key) continue;
    const removedAt = now();
    removed.push({
      reason: 'removed',
      secretId: state.arn,
      secretName: state.name,
      workspace: secret.workspace,
      oldKeyId: key.keyId,
      oldVersionId: versionId,
      promotedAt: removedAt.toISOString(),
      checkAt: firstCheckAt(removedAt, policy.rotation),
      rules: retirementRules(policy.rotation),
    });
  }
  for (const retirement of removed) {
    await retirements.start(removalName(secret, retirement.oldVersionId), retirement);
  }
  return removed.length > 0;
}

/**
 * The name of the flow that retires a version's key: the same however often one removal is handled,
 * another one after the key was back in the policy.
 */
export function removalName({ plannedAt }: RegisteredSecret, versionId: string): string {
  // Step Functions takes 80 characters, and a version's id alone has up to 64.
  const seconds = Math.floor(Date.parse(plannedAt) / 1000).toString(36);
  return `removed-${seconds}-${versionId}`;
}

/**
 * The versions whose keys nothing else will revoke. The previous key (AWSPREVIOUS) is retired by the
 * flow of the rotation that replaced it.
 */
export function versionsToRetire({ stagesByVersion }: SecretState): readonly string[] {
  return Object.entries(stagesByVersion)
    .filter(([, stages]) => stages.includes('AWSCURRENT') || stages.includes('AWSPENDING'))
    .map(([versionId]) => versionId);
}
