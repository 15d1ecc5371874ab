import type { ManagedSecrets } from '../../governance/keys/managed-secrets.aws.js';
import {
  unverifiedVersion,
  verifiedVersion,
} from '../../governance/keys/operator/operator-secret.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { ageInDays, DAY_MS } from '../../governance/platform/utc-day.js';
import { type PlannedKey, plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { describeSecret, type KeyInventory } from './gather-keys.js';
import type { KeyState, KeyStatus } from './key-status.js';
import type { RetirementFlows } from './retirement-flows.js';

export interface SuppliedKeysDeps {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly versions: ManagedSecrets;
  readonly flows: Pick<RetirementFlows, 'running'>;
}

const KEYS_AT_ONCE = 4;
/** The keys of a policy without the Admin API, by what Secrets Manager tells of their secrets. */
export async function gatherSuppliedKeys(
  { secrets, versions, flows }: SuppliedKeysDeps,
  policy: Policy,
  now: Date,
): Promise<KeyInventory> {
  const running = await flows.running();
  const retiring = new Set(running.map(({ retirement }) => retirement.secretName));

  async function look(planned: PlannedKey): Promise<KeyStatus> {
    const secret = await describeSecret(secrets, planned.secretName);
    const version = secret && verifiedVersion(secret);
    const since =
      version === undefined ? undefined : await versions.createdAt(planned.secretName, version);
    return suppliedStatus(
      { planned, secret, since, isRetiring: retiring.has(planned.secretName) },
      now,
    );
  }

  return { keys: await mapBounded(plannedKeys(policy), KEYS_AT_ONCE, look), problems: [] };
}

export interface SuppliedKeyFacts {
  readonly planned: PlannedKey;
  /** `undefined` where there is no such secret. */
  readonly secret: SecretState | undefined;
  /** When the key in charge was stored. */
  readonly since: Date | undefined;
  /** Whether the key before it waits for its deletion. */
  readonly isRetiring: boolean;
}

export function suppliedStatus(facts: SuppliedKeyFacts, now: Date): KeyStatus {
  const { planned, since } = facts;
  const nextRotationAt = since && new Date(since.getTime() + planned.key.rotateEveryDays * DAY_MS);
  return {
    key: planned.key.name,
    secret: planned.secretName,
    workspace: planned.workspace.name,
    keyId: undefined,
    createdAt: since,
    ageDays: since && ageInDays(since, now),
    lastUsedOn: undefined,
    nextRotationAt,
    state: stateOf(facts, nextRotationAt, now),
  };
}

function stateOf(
  { secret, isRetiring }: SuppliedKeyFacts,
  nextRotationAt: Date | undefined,
  now: Date,
): KeyState {
  if (!secret) return 'not deployed';
  if (unverifiedVersion(secret) !== undefined) return 'not verified';
  if (nextRotationAt === undefined || nextRotationAt <= now) return 'key needed';
  return isRetiring ? 'old key retiring' : 'ok';
}
