import { addDays, utcDay } from '../../platform/utc-day.js';
import { expireAfterDays, type PlannedKey } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';
import type { ManagedKey } from '../managed-key.js';
import { type SecretFacts, type SecretState, type StepAdmission, versionAt } from '../rotation.js';
import { isFirstSupply } from './supplied-version.js';

/** What Secrets Manager knows of a secret whose keys a person supplies. */
export interface SuppliedSecret extends SecretFacts {
  /** When the version in charge was stored. */
  readonly inChargeSince: Date | undefined;
}

/** The expiry that an operator is told to give a key supplied now. */
export function recommendedExpiry(
  { rotation }: Pick<Policy, 'rotation'>,
  { key }: Pick<PlannedKey, 'key'>,
  suppliedAt: Date,
) {
  return addDays(utcDay(suppliedAt), expireAfterDays(rotation, key));
}

/**
 * What an operator types to put a new key into a secret. A key is pasted into it, so npx may run what
 * is installed and nothing else: without `--no` it would offer to download whatever has that name.
 */
export function supplyCommand({ secretName }: Pick<PlannedKey, 'secretName'>): string {
  return `npx --no -- mistral-governance keys supply ${secretName.replace(/^mistral\//, '')}`;
}

/**
 * The version whose key was supplied and is not yet verified. It carries AWSPENDING until the end,
 * although Secrets Manager makes the first version of a secret AWSCURRENT by itself.
 */
export function unverifiedVersion(secret: SecretState): string | undefined {
  return versionAt(secret, 'AWSPENDING');
}

/**
 * The version in charge, once its key was verified. While a first key waits for that, nothing that
 * carries AWSCURRENT was verified: it is that key, or another one that came to nothing.
 */
export function verifiedVersion(secret: SecretState): string | undefined {
  const pending = unverifiedVersion(secret);
  if (pending !== undefined && isFirstSupply(pending)) return undefined;
  return versionAt(secret, 'AWSCURRENT');
}

/** Whether a step may run that the command line asks for: here no rotation schedule does. */
export function admitSuppliedStep(secret: SecretState, versionId: string): StepAdmission {
  const stages = secret.stagesByVersion[versionId] ?? [];
  if (stages.includes('AWSPENDING')) return { kind: 'proceed' };
  if (stages.includes('AWSCURRENT')) return { kind: 'already current' };
  return {
    kind: 'refuse',
    reason: `version ${versionId} of secret ${secret.name} is no longer the one that was supplied last: another key may have been supplied meanwhile`,
  };
}

/** A key that the secret holds besides the one supplied. */
export interface HeldKey {
  readonly role: 'in charge' | 'the one before';
  readonly key: ManagedKey;
}

/** Why a key cannot be the next one whatever Mistral says of it; `undefined` where it can. */
export function whyRefused(
  supplied: ManagedKey,
  held: readonly HeldKey[],
  { workspace }: PlannedKey,
): string | undefined {
  const same = held.find(({ key }) => key.apiKey.reveal() === supplied.apiKey.reveal());
  if (same) {
    return `it is the very key that is ${same.role}: create a new one in workspace ${workspace.name}`;
  }
  const namesake = held.find(({ key }) => key.keyId === supplied.keyId);
  if (namesake) {
    return `its name ${supplied.keyId} is that of the key that is ${namesake.role}: only names tell keys apart, so name the new one otherwise`;
  }
  return undefined;
}
