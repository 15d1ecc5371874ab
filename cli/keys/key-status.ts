import { hasExpired } from '../../governance/keys/key-health.js';
import { drainEnd, type Retirement } from '../../governance/keys/retirement.js';
import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { ageInDays } from '../../governance/platform/utc-day.js';
import { isKeyOf } from '../../governance/policy/key-name.js';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';

/** How one key of the policy stands, the worst that is true of it. */
export type KeyState =
  /** The secret is not there: the policy was not deployed since the key was added. */
  | 'not deployed'
  /** The secret is there and holds no key. */
  | 'no key yet'
  /** Mistral does not list the key that the secret names. */
  | 'missing at Mistral'
  | 'expired'
  | 'rotation overdue'
  /** No schedule: somebody cancelled it. */
  | 'rotation off'
  /** The old key was still used at the end of its drain, and waits for an approval. */
  | 'old key held'
  | 'old key retiring'
  | 'rotating'
  /** Without the Admin API: a key was supplied that is not in charge yet. */
  | 'not verified'
  /** Without the Admin API: a person must supply the first key, or the next. */
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
  /** `undefined` where there is no such secret. */
  readonly secret: SecretState | undefined;
  /** Keys at Mistral whose names carry the current version; `undefined` where it could not be asked. */
  readonly listed: readonly ListedKey[] | undefined;
  /** Retirements under way, of this key and others. */
  readonly retirements: readonly Retirement[];
}

export function keyStatus(facts: KeyFacts, now: Date): KeyStatus {
  const { planned, secret } = facts;
  const current = secret && versionAt(secret, 'AWSCURRENT');
  const listed =
    current === undefined
      ? undefined
      : facts.listed?.find(({ name }) => isKeyOf(name, planned.key.name, current));
  const createdAt =
    current === undefined ? undefined : (listed?.createdAt ?? secret?.lastRotatedAt);
  return {
    key: planned.key.name,
    secret: planned.secretName,
    workspace: planned.workspace.name,
    keyId: listed?.id,
    createdAt,
    ageDays: createdAt && ageInDays(createdAt, now),
    lastUsedOn: listed?.lastUsedOn,
    nextRotationAt: secret?.nextRotationAt,
    state: stateOf(facts, current, listed, now),
  };
}

function stateOf(
  { secret, listed: answer, retirements }: KeyFacts,
  current: string | undefined,
  listed: ListedKey | undefined,
  now: Date,
): KeyState {
  if (!secret) return 'not deployed';
  const pending = versionAt(secret, 'AWSPENDING');
  const isRotating = pending !== undefined && pending !== current;
  if (current === undefined) return isRotating ? 'rotating' : 'no key yet';
  if (answer && !listed) return 'missing at Mistral';
  if (hasExpired(listed?.expiresOn, now)) return 'expired';
  if (isRotating) return 'rotating';
  if (!secret.rotationEnabled) return 'rotation off';
  if (secret.nextRotationAt && secret.nextRotationAt < now) return 'rotation overdue';

  const own = retirements.filter(({ secretId }) => secretId === secret.arn);
  const isHeld = own.some(
    ({ promotedAt, rules }) =>
      rules.onDrainTimeout === 'hold' && now >= drainEnd(new Date(promotedAt), rules),
  );
  if (isHeld) return 'old key held';
  return own.length > 0 ? 'old key retiring' : 'ok';
}
