import type { KeyProber } from '../adapters/key-prober.js';
import type { Log } from '../adapters/log.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import { RotationRefusedError } from '../domain/errors.js';
import type { ManagedKey } from '../domain/managed-key.js';
import {
  type DeletionFacts,
  type DeletionVerdict,
  judgeDeletion,
  type OldKeyAnswer,
} from '../domain/operator-retirement.js';
import { type ReplacedKey, ReplacedKeySchema } from '../domain/retirement.js';
import { versionAt } from '../domain/rotation.js';

export interface VerifyDeletionDeps {
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly prober: KeyProber;
  readonly log: Log;
  readonly now: () => Date;
}

/** Task of the retirement flow without the Admin API: sees whether a replaced key still works. */
export function createVerifyDeletionHandler(deps: VerifyDeletionDeps) {
  return async (event: unknown): Promise<DeletionVerdict> => {
    const retirement = ReplacedKeySchema.parse(event);
    const verdict = judgeDeletion(await gatherFacts(deps, retirement));
    deps.log.info('verdict', { secret: retirement.secretName, ...verdict });
    return verdict;
  };
}

async function gatherFacts(
  deps: VerifyDeletionDeps,
  retirement: ReplacedKey,
): Promise<DeletionFacts> {
  const now = deps.now();
  const inCharge = await keyInCharge(deps, retirement);
  if (inCharge.keyId === retirement.oldKeyId) {
    return { now, current: 'old', inChargeAccepted: true, oldKey: 'accepted' };
  }
  const before = await accepts(deps, inCharge);
  const oldKey = await tryOldKey(deps, retirement);
  // A refusal of the old key counts only if the other one was let in at the same time.
  const inChargeAccepted = before && (oldKey !== 'refused' || (await accepts(deps, inCharge)));
  return { now, current: 'newer', inChargeAccepted, oldKey };
}

async function keyInCharge(
  { secrets }: VerifyDeletionDeps,
  { secretId, secretName }: ReplacedKey,
): Promise<ManagedKey> {
  const version = versionAt(await secrets.describe(secretId), 'AWSCURRENT');
  const key = version === undefined ? undefined : await secrets.read(secretId, version);
  if (key) return key;
  throw new RotationRefusedError(`AWSCURRENT of ${secretName} names no key`);
}

async function accepts({ prober }: VerifyDeletionDeps, { apiKey }: ManagedKey): Promise<boolean> {
  return (await prober.probe(apiKey)).kind === 'accepted';
}

async function tryOldKey(
  { secrets, prober }: VerifyDeletionDeps,
  { secretId, oldVersionId, oldKeyId }: ReplacedKey,
): Promise<OldKeyAnswer> {
  const old = await secrets.read(secretId, oldVersionId);
  if (!old || old.keyId !== oldKeyId) return 'not stored';
  const probe = await prober.probe(old.apiKey);
  if (probe.kind === 'accepted') return 'accepted';
  return probe.status === 403 ? 'forbidden' : 'refused';
}
