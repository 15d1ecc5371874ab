import { SecretValueError } from '../platform/errors.js';
import { isExisting, plannedKeys } from '../policy/planned-keys.js';
import type { KeyDeps } from './key-deps.js';
import type { ManagedKey } from './managed-key.js';
import { type SecretState, type VersionStage, versionAt } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { describeExisting } from './stored-keys.js';
import { UnidentifiedKeyError } from './unidentified-key.js';
import { labelOf } from './version-label.js';

/** The other secrets that were taken over with the same key. */
export interface Sharing {
  /** Names of those whose current or next key it still is. */
  readonly holding: readonly string[];
  /** The current versions of those that have another one by now. */
  readonly moved: readonly string[];
}

export const NOT_SHARED: Sharing = { holding: [], moved: [] };

/** Of a version's id: a UUID differs from others in these. */
const TOLD_APART_BY = 8;
/** Step Functions takes names of 80 characters. */
const NAMED = 8;

/** The name of the flow that retires a replaced key: one and the same for all secrets that had it. */
export function retirementName(versionId: string, { moved }: Pick<Sharing, 'moved'>): string {
  if (moved.length === 0) return versionId;
  const versions = [versionId, ...moved].map((id) => id.slice(0, TOLD_APART_BY)).sort();
  return versions.slice(0, NAMED).join('-');
}

type SharingDeps = Pick<KeyDeps, 'policy' | 'secrets'>;

/** Who else has the key of a secret: only secrets that were there before this product share one. */
export async function sharingOf(
  { policy, secrets }: SharingDeps,
  secretName: string,
  key: ManagedKey,
): Promise<Sharing> {
  const planned = plannedKeys(policy).filter(isExisting);
  const isShareable = planned.some((one) => one.secretName === secretName);
  const holding: string[] = [];
  const moved: string[] = [];
  for (const other of isShareable ? planned : []) {
    if (other.secretName === secretName) continue;
    const state = await describeExisting(secrets, other.secretName);
    if (!state) continue;
    const current = versionAt(state, 'AWSCURRENT');
    if (await holds(secrets, state, key)) holding.push(other.secretName);
    else if (current !== undefined && hadKey(state, key.keyId)) moved.push(current);
  }
  return { holding, moved };
}

function hadKey({ stagesByVersion }: SecretState, keyId: string): boolean {
  return Object.values(stagesByVersion).some((stages) => labelOf(stages)?.keyId === keyId);
}

const IN_USE: readonly VersionStage[] = ['AWSCURRENT', 'AWSPENDING'];

/** A key by its id, and where it is known by itself. */
export type SomeKey = Pick<ManagedKey, 'keyId'> & Partial<Pick<ManagedKey, 'apiKey'>>;

/** Whether a secret names a key as its current or its next one, also where nothing says so but its value. */
export async function holds(
  secrets: Pick<SecretVersions, 'read'>,
  state: SecretState,
  { keyId, apiKey }: SomeKey,
): Promise<boolean> {
  for (const stage of IN_USE) {
    const version = versionAt(state, stage);
    const held = version === undefined ? undefined : await heldKey(secrets, state.arn, version);
    if (held === undefined) continue;
    if ('keyId' in held ? held.keyId === keyId : held.apiKey.reveal() === apiKey?.reveal()) {
      return true;
    }
  }
  return false;
}

async function heldKey(
  secrets: Pick<SecretVersions, 'read'>,
  secretId: string,
  versionId: string,
): Promise<ManagedKey | Pick<ManagedKey, 'apiKey'> | undefined> {
  try {
    return await secrets.read(secretId, versionId);
  } catch (error) {
    if (error instanceof UnidentifiedKeyError) return { apiKey: error.apiKey };
    if (error instanceof SecretValueError) return undefined;
    throw error;
  }
}
