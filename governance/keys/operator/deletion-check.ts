import type { ManagedKey } from '../managed-key.js';
import { verifiedVersion } from './operator-secret.js';
import type { Retirement } from '../retirement.js';
import type { SecretVersions } from '../secret-versions.aws.js';
import { SecretGoneError, SecretValueError } from '../../platform/errors.js';
import { mapBounded } from '../../platform/map-bounded.js';
import { type PlannedKey, plannedKeys } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';

/** The key in charge of another secret. */
export interface Peer {
  readonly secretName: string;
  readonly key: ManagedKey;
}

interface PeerDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
}

const READS_AT_ONCE = 4;

/** The keys in charge of a workspace, whose fate its other keys share; without any, those of the others. */
export async function peersInCharge(
  deps: PeerDeps,
  { workspace }: Pick<Retirement, 'workspace'>,
): Promise<readonly Peer[]> {
  const planned = plannedKeys(deps.policy);
  const isNear = (one: PlannedKey) => one.workspace.name === workspace;
  const near = await inCharge(deps, planned.filter(isNear));
  return near.length > 0
    ? near
    : inCharge(
        deps,
        planned.filter((one) => !isNear(one)),
      );
}

async function inCharge(deps: PeerDeps, planned: readonly PlannedKey[]): Promise<readonly Peer[]> {
  const peers = await mapBounded(planned, READS_AT_ONCE, (one) => peer(deps, one));
  return peers.filter((one) => one !== undefined);
}

/** A secret that is not there yet, or that somebody else wrote, is no witness. */
async function peer({ secrets }: PeerDeps, { secretName }: PlannedKey): Promise<Peer | undefined> {
  try {
    const state = await secrets.describe(secretName);
    const version = verifiedVersion(state);
    const key = version === undefined ? undefined : await secrets.read(state.arn, version);
    return key && { secretName, key };
  } catch (error) {
    if (error instanceof SecretGoneError || error instanceof SecretValueError) return undefined;
    throw error;
  }
}
