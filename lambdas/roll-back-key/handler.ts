import { deleteUnheld } from '../../governance/keys/held-keys.js';
import type { KeyDeps } from '../../governance/keys/key-deps.js';
import {
  type LeftoverKey,
  type ReplacedKey,
  ReplacedKeySchema,
} from '../../governance/keys/retirement.js';
import { acceptsOld } from '../../governance/keys/retirement-check.js';
import { blockingVersion, versionAt } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { isKeyOf } from '../../governance/policy/key-name.js';
import { type PlannedKey, plannedKeyOf } from '../../governance/policy/planned-keys.js';

export interface RollBackKeyDeps
  extends Pick<KeyDeps, 'policy' | 'keySource' | 'inspector' | 'prober' | 'log' | 'now'> {
  readonly secrets: SecretVersions;
}

export interface RollBack {
  /** `overtaken`: what was found before no longer holds, so nothing was changed. */
  readonly outcome: 'rolled back' | 'overtaken';
  /** What became of the new one. */
  readonly newKey?: LeftoverKey;
  /** The version of another rotation, which has not finished and keeps Secrets Manager from the next. */
  readonly unfinished?: string | undefined;
}

/** Task of the retirement flow: promotes the previous key again and deletes the bad one. */
export function createRollBackKeyHandler(deps: RollBackKeyDeps) {
  const { secrets, log } = deps;
  return async (event: unknown): Promise<RollBack> => {
    const replaced = ReplacedKeySchema.parse(event);
    const { secretId, oldVersionId, newVersionId, newKeyId } = replaced;
    const state = await secrets.describe(secretId);
    const planned = plannedKeyOf(deps.policy, state.name);
    if (!planned || !(await isProvenBad(deps, replaced))) return { outcome: 'overtaken' };
    if (versionAt(state, 'AWSCURRENT') !== oldVersionId) {
      const moved = await secrets.moveCurrent(secretId, newVersionId, oldVersionId);
      if (moved === 'moved on') return { outcome: 'overtaken' };
    }
    // Left on the bad version, AWSPENDING would make the next rotation resume it.
    await secrets.clearPending(secretId, newVersionId);
    const newKey = await deleteCreated(deps, planned, replaced);
    log.warn('rolled back', { secret: state.name, keyId: newKeyId, newKey });
    const unfinished = blockingVersion(await secrets.describe(secretId));
    return { outcome: 'rolled back', newKey, unfinished };
  };
}

/** Whether the versions hold the keys that the input says, the new one bad and the old one accepted. */
async function isProvenBad(deps: RollBackKeyDeps, replaced: ReplacedKey): Promise<boolean> {
  const { secretId, newVersionId, newKeyId } = replaced;
  const newKey = await deps.secrets.read(secretId, newVersionId);
  if (newKey?.keyId !== newKeyId) return false;
  const { health } = await deps.inspector.inspect(newKey, newVersionId, deps.now());
  return health.kind === 'bad' && acceptsOld(deps, replaced);
}

/** Of a key that was stored by hand, its version may name any id. */
async function deleteCreated(
  deps: RollBackKeyDeps,
  { key }: PlannedKey,
  { newKeyId, newVersionId }: ReplacedKey,
): Promise<LeftoverKey> {
  const listed = await deps.inspector.find(newKeyId, newVersionId);
  if (!listed) return 'gone';
  if (!isKeyOf(listed.name, key.name, newVersionId)) return 'left';
  return (await deleteUnheld(deps, newKeyId)) ? 'deleted' : 'left';
}
