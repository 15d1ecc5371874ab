import type { ApiKey } from '../mistral/api-key.js';
import { isShownAs } from '../mistral/hidden-key.js';
import type { ListedKey } from '../mistral/mistral.js';
import { KeyNotHeldError, KeyStillCurrentError } from '../platform/errors.js';
import { mapBounded } from '../platform/map-bounded.js';
import { parseKeyName, tokenOf } from '../policy/key-name.js';
import { isPlanned, plannedKeys } from '../policy/planned-keys.js';
import type { KeyDeps } from './key-deps.js';
import type { ManagedKey } from './managed-key.js';
import type { Retirement } from './retirement.js';
import { holds, type SomeKey } from './sharing.js';
import { describeExisting, readCurrentKey, readOwnKey } from './stored-keys.js';

type HolderDeps = Pick<KeyDeps, 'policy' | 'secrets'>;

const SECRETS_AT_ONCE = 8;

/** The secret of the policy that names a key as its current or its next one, if there is one. */
export async function holderOf(
  { policy, secrets }: HolderDeps,
  key: SomeKey,
): Promise<string | undefined> {
  const holders = await mapBounded(plannedKeys(policy), SECRETS_AT_ONCE, async ({ secretName }) => {
    const state = await describeExisting(secrets, secretName);
    return state && (await holds(secrets, state, key)) ? secretName : undefined;
  });
  return holders.find((holder) => holder !== undefined);
}

/**
 * Deletes a key that a rotation leaves behind, or that a value stored by hand names: never one that a secret still names.
 * Returns whether it did.
 */
export async function deleteUnheld(
  deps: HolderDeps & Pick<KeyDeps, 'keySource' | 'log'>,
  keyId: string,
): Promise<boolean> {
  const heldBy = await holderOf(deps, { keyId });
  if (heldBy === undefined) await deps.keySource.delete(keyId);
  else deps.log.error('key not deleted: a secret names it', { keyId, secret: heldBy });
  return heldBy === undefined;
}

/**
 * The last check before an old key is deleted. People may write what a retirement says of it, so its
 * secret must say the same, and no secret of the policy may still need it.
 *
 * @throws KeyNotHeldError, KeyStillCurrentError
 */
export async function refuseHeld(
  deps: HolderDeps,
  retirement: Retirement,
  listed: Pick<ListedKey, 'name' | 'hiddenKey'>,
): Promise<void> {
  const { secretName, oldKeyId } = retirement;
  const held = await refuseForeign(deps, retirement, listed);
  if (isPlanned(deps.policy, secretName)) {
    const { key, isUnidentified } = await readCurrentKey(deps.secrets, secretName);
    if (!key && !isUnidentified) {
      const what = `AWSCURRENT of ${secretName} names no key`;
      throw new KeyStillCurrentError(`${what}: key ${oldKeyId} not revoked`);
    }
  }
  const heldBy = await holderOf(deps, held);
  if (heldBy === undefined) return;
  throw new KeyStillCurrentError(
    `key ${oldKeyId} is what AWSCURRENT or AWSPENDING of ${heldBy} names: not revoked`,
  );
}

async function refuseForeign(
  deps: HolderDeps,
  retirement: Retirement,
  listed: Pick<ListedKey, 'name' | 'hiddenKey'>,
): Promise<ManagedKey> {
  const held = await heldVersion(deps, retirement);
  const reason =
    typeof held === 'string' ? held : notOfItsRotation(deps, retirement, listed, held.apiKey);
  if (typeof held !== 'string' && reason === undefined) return held;
  throw new KeyNotHeldError(`${reason}: key ${retirement.oldKeyId} not revoked`);
}

/** The key that a retirement names, as the version that it names holds it; why that does not, if so. */
export async function heldVersion(
  { secrets }: Pick<HolderDeps, 'secrets'>,
  { secretId, secretName, oldKeyId, oldVersionId }: Retirement,
): Promise<ManagedKey | string> {
  let missing = '';
  const state = await describeExisting(secrets, secretId, (reason) => {
    missing = reason;
  });
  if (!state) return missing;
  if (state.name !== secretName) return `${secretId} is secret ${state.name}, not ${secretName}`;
  const held = await readOwnKey(secrets, state.arn, oldVersionId);
  if (held?.keyId === oldKeyId) return held;
  const what = held ? `holds key ${held.keyId}` : 'holds no key';
  return `version ${oldVersionId} of ${secretName} ${what}`;
}

/** Anybody may make a secret that no policy names, and store any key's id in it: not the key itself. */
export function notOfItsRotation(
  { policy }: Pick<HolderDeps, 'policy'>,
  { secretName, oldVersionId }: Retirement,
  listed: Pick<ListedKey, 'name' | 'hiddenKey'>,
  apiKey: ApiKey,
): string | undefined {
  if (isPlanned(policy, secretName)) return undefined;
  const { key, token } = parseKeyName(listed.name) ?? {};
  if (secretName.endsWith(`/${key}`) && token === tokenOf(oldVersionId)) return undefined;
  if (isShownAs(listed.hiddenKey, apiKey)) return undefined;
  return `${secretName} is not in the policy, and its rotation to ${oldVersionId} created no key named ${listed.name}`;
}
