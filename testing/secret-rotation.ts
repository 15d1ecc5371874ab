import { DAY_MS } from '../governance/platform/utc-day.js';
import type { VirtualClock } from './clock.js';
import { AwsError } from './fakes/aws-json.js';
import { labelled, type SecretStore, type StoredSecret } from './fakes/secret-store.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const ATTEMPTS = 5;
const MINUTE_MS = 60_000;
export interface RotationStep {
  readonly step: (typeof STEPS)[number];
  readonly at: Date;
  /** Why it failed, when it did. */
  readonly error?: string;
}

/** What Secrets Manager did for one version of a secret. */
export interface RotationRecord {
  readonly secret: string;
  readonly versionId: string;
  readonly startedAt: Date;
  readonly steps: RotationStep[];
  finishedAt: Date | undefined;
}

export type RotationFunction = (event: unknown) => Promise<unknown>;

export interface SecretRotation {
  readonly records: readonly RotationRecord[];
  /** Runs the rotation that makes this version, and repeats it when it fails. */
  start(secret: StoredSecret, versionId: string): void;
}

/** Secrets Manager's part of a rotation: the four steps, its own retries, the schedule. */
export function createSecretRotation(
  clock: VirtualClock,
  rotationFunction: RotationFunction,
  store: () => SecretStore,
): SecretRotation {
  const records: RotationRecord[] = [];

  function recordOf(secret: StoredSecret, versionId: string): RotationRecord {
    const known = records.find((record) => record.versionId === versionId);
    if (known) return known;
    const record = {
      secret: secret.name,
      versionId,
      startedAt: clock.now(),
      steps: [],
      finishedAt: undefined,
    };
    records.push(record);
    return record;
  }

  async function attempt(secret: StoredSecret, versionId: string, count: number): Promise<void> {
    const record = recordOf(secret, versionId);
    if (record.finishedAt) return;
    for (const step of STEPS) {
      const at = clock.now();
      try {
        const event = { Step: step, SecretId: secret.arn, ClientRequestToken: versionId };
        await rotationFunction(event);
        record.steps.push({ step, at });
      } catch (error) {
        record.steps.push({ step, at, error: String(error) });
        const pending = labelled(secret, 'AWSPENDING')?.id === versionId;
        const current = labelled(secret, 'AWSCURRENT')?.id === versionId;
        if (count < ATTEMPTS && (pending || current)) {
          const later = new Date(clock.now().getTime() + count * 10 * MINUTE_MS);
          clock.at(later, () => attempt(secret, versionId, count + 1));
        } else {
          schedule(secret, 1);
        }
        return;
      }
    }
    record.finishedAt = clock.now();
    secret.lastRotatedAt = clock.now();
    schedule(secret, secret.rotateEveryDays);
  }

  function schedule(secret: StoredSecret, days: number | undefined): void {
    if (days === undefined || secret.rotateEveryDays === undefined) return;
    const next = new Date(clock.now().getTime() + days * DAY_MS);
    secret.nextRotationAt = next;
    clock.at(next, async () => {
      if (secret.nextRotationAt === next) rotate(secret);
    });
  }

  function rotate(secret: StoredSecret): void {
    try {
      store().operations.RotateSecret?.({ SecretId: secret.arn });
    } catch (error) {
      // The unfinished one before is tried again.
      if (!(error instanceof AwsError)) throw error;
    }
  }

  return {
    records,
    start(secret, versionId) {
      clock.at(clock.now(), () => attempt(secret, versionId, 1));
    },
  };
}
