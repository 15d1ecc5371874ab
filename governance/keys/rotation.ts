import type { PlannedKey } from '../policy/planned-keys.js';

/** What Secrets Manager says about a secret, without its value. */
export interface SecretState {
  readonly arn: string;
  readonly name: string;
  readonly rotationEnabled: boolean;
  /** Labels by version id; versions without a label are not listed. */
  readonly stagesByVersion: Readonly<Record<string, readonly string[]>>;
  readonly createdAt: Date | undefined;
  readonly lastRotatedAt: Date | undefined;
  readonly nextRotationAt: Date | undefined;
  /** The day on which a value was last read; `undefined` where none ever was. */
  readonly lastAccessedAt?: Date | undefined;
  readonly tags?: Readonly<Record<string, string>>;
  /** The function that rotates it, or did. */
  readonly rotatedBy?: string | undefined;
  /** The region of the secret of which it is a copy. */
  readonly replicaOf?: string | undefined;
  /** Its value cannot be read, and it can still be restored. */
  readonly isBeingDeleted?: boolean;
}

export type VersionStage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/**
 * Our own label. On the current version, it says that its key is to be replaced outside of the policy's window
 * and in a freeze as well.
 */
export const REPLACE_NOW = 'REPLACE_NOW';

/** The version that carries a label. */
export function versionAt(
  secret: SecretState,
  stage: VersionStage | typeof REPLACE_NOW,
): string | undefined {
  return Object.keys(secret.stagesByVersion).find((version) =>
    secret.stagesByVersion[version]?.includes(stage),
  );
}

/** What Secrets Manager knows of one managed secret. */
export interface SecretFacts {
  readonly planned: PlannedKey;
  readonly state: SecretState;
  /** When the version was created whose rotation has not ended, if there is one. */
  readonly pendingSince: Date | undefined;
}

/** The version that keeps Secrets Manager from a rotation: AWSPENDING on another one than AWSCURRENT. */
export function blockingVersion(state: SecretState): string | undefined {
  const pending = versionAt(state, 'AWSPENDING');
  return pending === versionAt(state, 'AWSCURRENT') ? undefined : pending;
}

/**
 * The version whose rotation has not ended. A rotation of ours ends with AWSPENDING on no version; only a
 * secret's first key may be current before that, because Secrets Manager promotes a first value by itself.
 */
export function unfinishedVersion(state: SecretState): string | undefined {
  return state.lastRotatedAt ? blockingVersion(state) : versionAt(state, 'AWSPENDING');
}

export type StepAdmission =
  | { readonly kind: 'proceed' }
  | { readonly kind: 'already current' }
  | { readonly kind: 'refuse'; readonly reason: string };

/**
 * The checks that every rotation function makes before it acts, as AWS's own template has them, but for one:
 * a version that is current and pending goes on. It is a secret's first, and is not verified yet.
 */
export function admitStep(secret: SecretState, versionId: string): StepAdmission {
  if (!secret.rotationEnabled) {
    return { kind: 'refuse', reason: `rotation is not enabled for secret ${secret.name}` };
  }
  const stages = secret.stagesByVersion[versionId];
  if (!stages) {
    return { kind: 'refuse', reason: `secret ${secret.name} has no version ${versionId}` };
  }
  if (stages.includes('AWSPENDING')) return { kind: 'proceed' };
  if (stages.includes('AWSCURRENT')) return { kind: 'already current' };
  return {
    kind: 'refuse',
    reason: `version ${versionId} of secret ${secret.name} is not AWSPENDING but ${stages.join(', ') || 'without label'}`,
  };
}

/** The thread of the alerts of one rotation and of the retirement that follows it. */
export function threadOf(versionId: string): string {
  return `rotation-${versionId}`;
}
