import { hasExpired } from '../../governance/keys/key-health.js';
import { unverifiedVersion } from '../../governance/keys/operator/operator-secret.js';
import { hasNextKey } from '../../governance/keys/promotion.js';
import { drainEnd, type Retirement } from '../../governance/keys/retirement.js';
import { type SecretState, unfinishedVersion, versionAt } from '../../governance/keys/rotation.js';
import { labelOf } from '../../governance/keys/version-label.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { ageInDays, DAY_MS } from '../../governance/platform/utc-day.js';
import { isKeyOf } from '../../governance/policy/key-name.js';
import { formatOf, type PlannedKey } from '../../governance/policy/planned-keys.js';
import type { RotationPolicy } from '../../governance/policy/policy.js';
import { heldBecause } from './rotate-key.js';

/** The most severe condition of a key. */
export type KeyState =
  /** The secret does not exist: the policy was not deployed since the key was added. */
  | 'not deployed'
  /** The secret exists and holds no key. */
  | 'no key yet'
  /** Mistral does not list the key in the secret. */
  | 'missing at Mistral'
  /** Others stored the value since: the next rotation or audit finds its key. */
  | 'not identified'
  | 'expired'
  | 'rotation overdue'
  /** No schedule: it was cancelled. */
  | 'rotation off'
  /** The replaced key was still used at the end of its drain: its revocation waits for approval. */
  | 'approval needed'
  | 'replaced key retiring'
  | 'rotating'
  /** The next key waits for the policy's window, or for the end of a freeze. */
  | 'held'
  /** Operator mode: a supplied key is not current yet. */
  | 'not verified'
  /** Operator mode: the operator must supply the first key, or the next one. */
  | 'key needed'
  | 'ok';

export interface KeyStatus {
  readonly key: string;
  readonly secret: string;
  readonly workspace: string;
  readonly keyId: string | undefined;
  readonly createdAt: Date | undefined;
  readonly ageDays: number | undefined;
  readonly lastUsedOn: string | undefined;
  readonly nextRotationAt: Date | undefined;
  readonly state: KeyState;
}

export interface KeyFacts {
  readonly planned: PlannedKey;
  /** `undefined` where the secret does not exist. */
  readonly secret: SecretState | undefined;
  /** Keys at Mistral that are named after the current version; `undefined` where the list could not be read. */
  readonly listed: readonly ListedKey[] | undefined;
  /** Running retirements, of this key and others. */
  readonly retirements: readonly Retirement[];
  readonly rotation: RotationPolicy;
}

export function keyStatus(facts: KeyFacts, now: Date): KeyStatus {
  const { planned, secret } = facts;
  const current = secret && versionAt(secret, 'AWSCURRENT');
  const listed =
    current === undefined
      ? undefined
      : facts.listed?.find(
          ({ id, name }) => id === keyIdOf(secret) || isKeyOf(name, planned.key.name, current),
        );
  const createdAt =
    current === undefined ? undefined : (listed?.createdAt ?? secret?.lastRotatedAt);
  return {
    ...identityOf(planned, createdAt, now),
    keyId: listed?.id,
    lastUsedOn: listed?.lastUsedOn,
    nextRotationAt: secret?.nextRotationAt,
    state: stateOf(facts, current, listed, now),
  };
}

function stateOf(
  { planned, secret, listed: answer, retirements, rotation }: KeyFacts,
  current: string | undefined,
  listed: ListedKey | undefined,
  now: Date,
): KeyState {
  if (!secret) return 'not deployed';
  const isRotating = unfinishedVersion(secret) !== undefined;
  if (current === undefined) return isRotating ? 'rotating' : 'no key yet';
  if (answer && !listed) {
    const isKnown = formatOf(planned) === 'json' || keyIdOf(secret) !== undefined;
    return isKnown ? 'missing at Mistral' : 'not identified';
  }
  if (hasExpired(listed?.expiresOn, now)) return 'expired';
  if (isRotating) return isHeld(secret, rotation, now) ? 'held' : 'rotating';
  if (!secret.rotationEnabled) return 'rotation off';
  if (secret.nextRotationAt && secret.nextRotationAt < now) return 'rotation overdue';

  const own = retirements.filter(({ secretId }) => secretId === secret.arn);
  const isWaiting = own.some(
    ({ promotedAt, rules }) =>
      rules.onDrainTimeout === 'hold' && now >= drainEnd(new Date(promotedAt), rules),
  );
  if (isWaiting) return 'approval needed';
  return own.length > 0 ? 'replaced key retiring' : 'ok';
}

function isHeld(secret: SecretState, rotation: RotationPolicy, now: Date): boolean {
  return hasNextKey(secret) && heldBecause(secret, { rotation }, now) !== undefined;
}

/** What the label of the current version says. */
export function keyIdOf(secret: SecretState | undefined): string | undefined {
  const current = secret && versionAt(secret, 'AWSCURRENT');
  return current === undefined ? undefined : labelOf(secret?.stagesByVersion[current])?.keyId;
}

export interface SuppliedKeyFacts extends Pick<KeyFacts, 'planned' | 'secret'> {
  /** When the current key was stored. */
  readonly since: Date | undefined;
  /** Whether a replaced key waits for its deletion. */
  readonly isRetiring: boolean;
}

/** Operator mode: by what Secrets Manager knows about the secret. */
export function suppliedStatus(facts: SuppliedKeyFacts, now: Date): KeyStatus {
  const { planned, since } = facts;
  const nextRotationAt = since && new Date(since.getTime() + planned.key.rotateEveryDays * DAY_MS);
  return {
    ...identityOf(planned, since, now),
    keyId: undefined,
    lastUsedOn: undefined,
    nextRotationAt,
    state: suppliedState(facts, nextRotationAt, now),
  };
}

function suppliedState(
  { secret, isRetiring }: SuppliedKeyFacts,
  nextRotationAt: Date | undefined,
  now: Date,
): KeyState {
  if (!secret) return 'not deployed';
  if (unverifiedVersion(secret) !== undefined) return 'not verified';
  if (nextRotationAt === undefined || nextRotationAt <= now) return 'key needed';
  return isRetiring ? 'replaced key retiring' : 'ok';
}

function identityOf(
  { key, secretName, workspace }: PlannedKey,
  createdAt: Date | undefined,
  now: Date,
) {
  const ageDays = createdAt && ageInDays(createdAt, now);
  return { key: key.name, secret: secretName, workspace: workspace.name, createdAt, ageDays };
}
