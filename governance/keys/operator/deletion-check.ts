import { RotationRefusedError } from '../../platform/errors.js';
import { mapBounded } from '../../platform/map-bounded.js';
import { isPlanned, type PlannedKey, plannedKeys } from '../../policy/planned-keys.js';
import type { KeyDeps } from '../key-deps.js';
import type { ManagedKey } from '../managed-key.js';
import type { Retirement } from '../retirement.js';
import { versionAt } from '../rotation.js';
import { describeExisting, readCurrentKey, readOwnKey } from '../stored-keys.js';
import type { DeletionFacts, OldKeyAnswer } from './deletion.js';
import { verifiedVersion } from './operator-secret.js';

export type DeletionCheckDeps = Pick<KeyDeps, 'policy' | 'secrets' | 'prober'>;

/** Asks Mistral whether an old key still works, and compares the answer with that to another key. */
export async function checkDeletion(
  deps: DeletionCheckDeps,
  retirement: Retirement,
): Promise<Omit<DeletionFacts, 'now'>> {
  const planned = isPlanned(deps.policy, retirement.secretName);
  const compare = planned ? compareWithCurrentKey : compareWithPeers;
  return { isPlanned: planned, ...(await compare(deps, retirement)) };
}

type Compared = Omit<DeletionFacts, 'now' | 'isPlanned'>;

async function compareWithCurrentKey(
  deps: DeletionCheckDeps,
  retirement: Retirement,
): Promise<Compared> {
  const { secretName, oldKeyId, oldVersionId } = retirement;
  const { state, versionId, key: current } = await readCurrentKey(deps.secrets, secretName);
  if (!current) throw new RotationRefusedError(`AWSCURRENT of ${secretName} names no key`);
  // A key that was removed before it was verified, and is back, may be promoted at any time.
  const mayBePromoted = versionAt(state, 'AWSPENDING') === oldVersionId;
  if (current.keyId === oldKeyId || mayBePromoted) return kept(secretName);

  const before = await accepts(deps, current);
  const oldKey = await answerTo(deps, await storedKey(deps, retirement));
  // A rejection of the old key counts only if the other one was accepted at the same time.
  const accepted = before && (oldKey !== 'rejected' || (await accepts(deps, current)));
  return {
    heldBy: undefined,
    oldKey,
    witness: { secretName, accepted },
    currentVersion: versionId,
  };
}

/** Of a secret that left the policy: compares its key with those of secrets that are in it. */
async function compareWithPeers(
  deps: DeletionCheckDeps,
  retirement: Retirement,
): Promise<Compared> {
  const old = await storedKey(deps, retirement);
  const peers = await peersOf(deps, retirement.workspace);
  const twin = peers.find(({ key }) => key.apiKey.reveal() === old?.apiKey.reveal());
  if (twin) return kept(twin.secretName);
  const oldKey = await answerTo(deps, old);
  if (oldKey !== 'rejected') return { heldBy: undefined, oldKey, witness: undefined };

  for (const { secretName, key } of peers) {
    if (!(await accepts(deps, key))) continue;
    // Rejected on both sides of the moment at which the other one was accepted.
    const again = await answerTo(deps, old);
    return { heldBy: undefined, oldKey: again, witness: { secretName, accepted: true } };
  }
  const [first] = peers;
  const witness = first && { secretName: first.secretName, accepted: false };
  return { heldBy: undefined, oldKey, witness };
}

function kept(heldBy: string): Compared {
  return { heldBy, oldKey: 'accepted', witness: undefined };
}

async function accepts({ prober }: DeletionCheckDeps, { apiKey }: ManagedKey): Promise<boolean> {
  return (await prober.probe(apiKey)).kind === 'accepted';
}

async function storedKey(
  { secrets }: DeletionCheckDeps,
  { secretId, oldVersionId, oldKeyId }: Retirement,
): Promise<ManagedKey | undefined> {
  const old = await secrets.read(secretId, oldVersionId);
  return old?.keyId === oldKeyId ? old : undefined;
}

async function answerTo(
  { prober }: DeletionCheckDeps,
  old: ManagedKey | undefined,
): Promise<OldKeyAnswer> {
  if (!old) return 'not stored';
  const probe = await prober.probe(old.apiKey);
  if (probe.kind === 'accepted') return 'accepted';
  return probe.status === 403 ? 'forbidden' : 'rejected';
}

/** The current key of another secret. */
interface Peer {
  readonly secretName: string;
  readonly key: ManagedKey;
}

const READS_AT_ONCE = 4;

/** The current keys of a workspace, since its keys work or fail together; without any, those of the others. */
async function peersOf(deps: DeletionCheckDeps, workspace: string): Promise<readonly Peer[]> {
  const planned = plannedKeys(deps.policy);
  const isNear = (one: PlannedKey) => one.workspace.name === workspace;
  const near = await currentKeys(deps, planned.filter(isNear));
  if (near.length > 0) return near;
  return currentKeys(
    deps,
    planned.filter((one) => !isNear(one)),
  );
}

async function currentKeys(
  { secrets }: DeletionCheckDeps,
  planned: readonly PlannedKey[],
): Promise<readonly Peer[]> {
  const peers = await mapBounded(planned, READS_AT_ONCE, async ({ secretName }) => {
    const state = await describeExisting(secrets, secretName);
    const key = state && (await readOwnKey(secrets, state.arn, verifiedVersion(state)));
    return key && { secretName, key };
  });
  return peers.filter((one) => one !== undefined);
}
