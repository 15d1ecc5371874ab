import type { ManagedKey } from '../../governance/keys/managed-key.js';
import {
  type DeletionFacts,
  type DeletionVerdict,
  judgeDeletion,
  type OldKeyAnswer,
} from '../../governance/keys/operator/deletion.js';
import { type Retirement, RetirementSchema } from '../../governance/keys/retirement.js';
import { versionAt } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { KeyProber } from '../../governance/mistral/key-prober.js';
import { RotationRefusedError } from '../../governance/platform/errors.js';
import type { Log } from '../../governance/platform/log.js';
import { isPlanned } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { type Peer, peersInCharge } from '../../governance/keys/operator/deletion-check.js';

export interface VerifyDeletionDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly prober: KeyProber;
  readonly log: Log;
  readonly now: () => Date;
}

/** Task of the retirement flow without the Admin API: sees whether an old key still works. */
export function createVerifyDeletionHandler(deps: VerifyDeletionDeps) {
  return async (event: unknown): Promise<DeletionVerdict> => {
    const retirement = RetirementSchema.parse(event);
    const planned = isPlanned(deps.policy, retirement.secretName);
    const facts = planned
      ? await besideKeyInCharge(deps, retirement)
      : await besidePeers(deps, retirement);
    const verdict = judgeDeletion({ ...facts, now: deps.now(), isPlanned: planned });
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}

type Gathered = Pick<DeletionFacts, 'heldBy' | 'oldKey' | 'witness'>;

/** Holds the old key against the one that is in charge of its secret now. */
async function besideKeyInCharge(
  deps: VerifyDeletionDeps,
  retirement: Retirement,
): Promise<Gathered> {
  const { secretName, oldKeyId, oldVersionId } = retirement;
  // By name: a secret that was deleted and came back with its key has another ARN.
  const state = await deps.secrets.describe(secretName);
  const current = versionAt(state, 'AWSCURRENT');
  const inCharge = current === undefined ? undefined : await deps.secrets.read(state.arn, current);
  if (!inCharge) throw new RotationRefusedError(`AWSCURRENT of ${secretName} names no key`);
  // A key that was removed before it was verified, and is back, may take over at any time.
  const mayTakeOver = versionAt(state, 'AWSPENDING') === oldVersionId;
  if (inCharge.keyId === oldKeyId || mayTakeOver) return kept(secretName);

  const before = await accepts(deps, inCharge);
  const oldKey = await answerTo(deps, await storedKey(deps, retirement));
  // A refusal of the old key counts only if the other one was let in at the same time.
  const accepted = before && (oldKey !== 'refused' || (await accepts(deps, inCharge)));
  return { heldBy: undefined, oldKey, witness: { secretName, accepted } };
}

/** Holds the key of a secret that left the policy against keys that are in it. */
async function besidePeers(deps: VerifyDeletionDeps, retirement: Retirement): Promise<Gathered> {
  const old = await storedKey(deps, retirement);
  const peers = await peersInCharge(deps, retirement);
  const twin = peers.find(({ key }) => key.apiKey.reveal() === old?.apiKey.reveal());
  if (twin) return kept(twin.secretName);
  const oldKey = await answerTo(deps, old);
  if (oldKey !== 'refused') return { heldBy: undefined, oldKey, witness: undefined };

  const witness = await firstAccepted(deps, peers);
  if (!witness) {
    const secretName = peers[0]?.secretName;
    return {
      heldBy: undefined,
      oldKey,
      witness: secretName ? { secretName, accepted: false } : undefined,
    };
  }
  // Refused on both sides of the time at which the other one was let in.
  return {
    heldBy: undefined,
    oldKey: await answerTo(deps, old),
    witness: { secretName: witness.secretName, accepted: true },
  };
}

function kept(heldBy: string): Gathered {
  return { heldBy, oldKey: 'accepted', witness: undefined };
}

async function firstAccepted(
  deps: VerifyDeletionDeps,
  peers: readonly Peer[],
): Promise<Peer | undefined> {
  for (const peer of peers) {
    if (await accepts(deps, peer.key)) return peer;
  }
  return undefined;
}

async function accepts({ prober }: VerifyDeletionDeps, { apiKey }: ManagedKey): Promise<boolean> {
  return (await prober.probe(apiKey)).kind === 'accepted';
}

async function storedKey(
  { secrets }: VerifyDeletionDeps,
  { secretId, oldVersionId, oldKeyId }: Retirement,
): Promise<ManagedKey | undefined> {
  const old = await secrets.read(secretId, oldVersionId);
  return old?.keyId === oldKeyId ? old : undefined;
}

async function answerTo(
  { prober }: VerifyDeletionDeps,
  old: ManagedKey | undefined,
): Promise<OldKeyAnswer> {
  if (!old) return 'not stored';
  const probe = await prober.probe(old.apiKey);
  if (probe.kind === 'accepted') return 'accepted';
  return probe.status === 403 ? 'forbidden' : 'refused';
}
