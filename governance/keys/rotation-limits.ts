import { HOUR_MS, MINUTE_MS } from '../platform/utc-day.js';
import type { RotationPolicy } from '../policy/policy.js';
import { blockingVersion, type SecretState, versionAt } from './rotation.js';

/** How far rotations of all secrets together have got. */
export interface RotationLoad {
  /** That have begun and not ended. */
  readonly running: number;
  /** That ended within the last hour. */
  readonly ended: number;
}

/** Whether a rotation is in progress: of a secret with a key, or of one that gets its first. */
export function isRotating(state: SecretState): boolean {
  const pending = versionAt(state, 'AWSPENDING');
  return state.lastRotatedAt ? blockingVersion(state) !== undefined : pending !== undefined;
}

/** Runs are an hour apart, and rotations that one starts end some minutes after it. */
const NEARLY_AN_HOUR_MS = HOUR_MS - 10 * MINUTE_MS;

export interface DescribedSecret {
  readonly name: string;
  readonly state: SecretState;
  readonly hasKey: boolean;
}

/** @param started just now, of which Secrets Manager may show nothing yet */
export function loadOf(
  secrets: readonly DescribedSecret[],
  started: readonly string[],
  now: Date,
): RotationLoad {
  const since = now.getTime() - NEARLY_AN_HOUR_MS;
  return {
    running: secrets.filter(
      ({ name, state, hasKey }) => isRotating(state) || (!hasKey && started.includes(name)),
    ).length,
    ended: secrets.filter(({ state: { lastRotatedAt } }) => {
      return lastRotatedAt && lastRotatedAt.getTime() > since;
    }).length,
  };
}

/** How many more rotations may be started now. */
export function roomFor(
  { running, ended }: RotationLoad,
  { atOnce, perHour }: Pick<RotationPolicy, 'atOnce' | 'perHour'>,
): number {
  return Math.max(0, Math.min(atOnce - running, perHour - running - ended));
}
