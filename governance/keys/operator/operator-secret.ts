import { shell } from '../../platform/quoting.js';
import { addDays, type IsoDate, utcDay } from '../../platform/utc-day.js';
import { expireAfterDays, type PlannedKey } from '../../policy/planned-keys.js';
import type { Policy } from '../../policy/policy.js';
import { type SecretFacts, type SecretState, type StepAdmission, versionAt } from '../rotation.js';

/** What Secrets Manager knows of a secret in operator mode. */
export interface OperatorSecret extends SecretFacts {
  /** When the current version was stored, once its key was verified. */
  readonly currentSince: Date | undefined;
}

/** The expiry that an operator is asked to give a key created now. */
export function recommendedExpiry(
  { rotation }: Pick<Policy, 'rotation'>,
  { key }: Pick<PlannedKey, 'key'>,
  createdAt: Date,
): IsoDate {
  return addDays(utcDay(createdAt), expireAfterDays(rotation, key));
}

/**
 * What an operator types to put a new key into a secret. A key is pasted into it, so npx may run what
 * is installed and nothing else: without `--no` it would offer to download any package of that name.
 */
export function supplyCommand({ secretName }: Pick<PlannedKey, 'secretName'>): string {
  return shell`npx --no -- mistral-governance keys supply ${secretName.replace(/^mistral\//, '')}`;
}

/** What is stated about an operator's key where its secret's value may not be read: by its version's id. */
export interface OperatorVersion {
  /** Makes the id unique; a UUID. */
  readonly token: string;
  /** Whether no key of the secret was verified before. */
  readonly isFirst: boolean;
  /** When the key expires, as the operator stated it. */
  readonly expiresOn: IsoDate | undefined;
}

const FIRST = '-first';
const EXPIRES = '-expires-';

/** Secrets Manager takes 64 characters, of which a UUID has 36 and all of this 61. */
export function operatorVersionId({ token, isFirst, expiresOn }: OperatorVersion): string {
  return [token, isFirst ? FIRST : '', expiresOn ? `${EXPIRES}${expiresOn}` : ''].join('');
}

export function isFirstKey(versionId: string): boolean {
  return new RegExp(`${FIRST}(${EXPIRES}|$)`).test(versionId);
}

export function statedExpiry(versionId: string): IsoDate | undefined {
  return new RegExp(`${EXPIRES}(\\d{4}-\\d\\d-\\d\\d)$`).exec(versionId)?.[1];
}

/**
 * The version whose key is not verified yet. It carries AWSPENDING until the end, although Secrets
 * Manager makes the first version of a secret AWSCURRENT by itself.
 */
export function unverifiedVersion(secret: SecretState): string | undefined {
  return versionAt(secret, 'AWSPENDING');
}

/**
 * The current version, once its key was verified. While a first key waits for that, nothing that
 * carries AWSCURRENT was verified: it is that key, or an earlier attempt that failed.
 */
export function verifiedVersion(secret: SecretState): string | undefined {
  const pending = unverifiedVersion(secret);
  if (pending !== undefined && isFirstKey(pending)) return undefined;
  return versionAt(secret, 'AWSCURRENT');
}

/** Whether a step may run that the command line asks for: no rotation schedule does in this mode. */
export function admitOperatorStep(secret: SecretState, versionId: string): StepAdmission {
  const stages = secret.stagesByVersion[versionId] ?? [];
  if (stages.includes('AWSPENDING')) return { kind: 'proceed' };
  if (stages.includes('AWSCURRENT')) return { kind: 'already current' };
  return {
    kind: 'refuse',
    reason: `version ${versionId} of secret ${secret.name} is not pending any more: another key may have been supplied since`,
  };
}
