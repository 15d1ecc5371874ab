import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { DAY_MS } from '../governance/platform/utc-day.js';
import type { VirtualClock } from './clock.js';
import { AwsError } from './fakes/aws-json.js';
import type { InvokedFunction } from './fakes/lambda-invoke.js';
import type { StoredSecret } from './fakes/secret-answers.js';
import { labelled, type SecretStore } from './fakes/secret-store.js';

const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
const ATTEMPTS = 5;
const RETRY_MS = 10 * 60_000;

export interface RotationStep {
  readonly step: (typeof STEPS)[number];
  readonly at: Date;
  /** Why it failed, if it did. */
  readonly error?: string;
}

/** How the rotation to one version of a secret went. */
export interface RotationRecord {
  readonly secret: string;
  readonly versionId: string;
  readonly startedAt: Date;
  readonly steps: RotationStep[];
  finishedAt: Date | undefined;
}

const EventSchema = z.object({
  Step: z.enum(STEPS),
  SecretId: z.string(),
  ClientRequestToken: z.string(),
});

/** Records the steps of each version, for every caller of the rotation function. */
export function createRotations(
  clock: VirtualClock,
  rotationFunction: InvokedFunction,
  store: () => SecretStore,
) {
  const records: RotationRecord[] = [];

  function recordOf(secret: string, versionId: string): RotationRecord {
    const known = records.find((record) => record.versionId === versionId);
    if (known) return known;
    const record = {
      secret,
      versionId,
      startedAt: clock.now(),
      steps: [],
      finishedAt: undefined,
    };
    records.push(record);
    return record;
  }

  /** One step, as the command line calls the function in operator mode. */
  async function invoke(event: unknown): Promise<void> {
    const { Step: step, SecretId, ClientRequestToken } = EventSchema.parse(event);
    const record = recordOf(store().find(SecretId).name, ClientRequestToken);
    const at = clock.now();
    try {
      await rotationFunction(event);
      record.steps.push({ step, at });
      const isHeld = !store()
        .find(SecretId)
        .versions.get(ClientRequestToken)
        ?.stages.has('AWSCURRENT');
      if (step === 'finishSecret' && !isHeld) record.finishedAt = clock.now();
    } catch (error) {
      record.steps.push({ step, at, error: String(error) });
      throw error;
    }
  }

  async function attempt(secret: StoredSecret, versionId: string, count: number): Promise<void> {
    if (recordOf(secret.name, versionId).finishedAt) return;
    try {
      for (const Step of STEPS) {
        await invoke({ Step, SecretId: secret.arn, ClientRequestToken: versionId });
      }
    } catch {
      const isUnfinished = ['AWSPENDING', 'AWSCURRENT'].some(
        (label) => labelled(secret, label)?.id === versionId,
      );
      if (count === ATTEMPTS || !isUnfinished) return schedule(secret, 1);
      const later = new Date(clock.now().getTime() + count * RETRY_MS);
      return clock.at(later, () => attempt(secret, versionId, count + 1));
    }
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
      // A previous unfinished rotation is retried.
      if (!(error instanceof AwsError)) throw error;
    }
  }

  return {
    records: records as readonly RotationRecord[],
    invoke,
    /** What Secrets Manager does when a schedule is set that does not rotate at once. */
    async tryConfiguration(secret: StoredSecret): Promise<void> {
      const id = randomUUID();
      const stages = new Set(['AWSPENDING']);
      secret.versions.set(id, { id, createdAt: clock.now(), value: undefined, stages });
      const event = { Step: 'testSecret', SecretId: secret.arn, ClientRequestToken: id };
      await rotationFunction(event).finally(() => secret.versions.delete(id));
    },
    /** What Secrets Manager does in a rotation: the four steps, its retries, the schedule. */
    start(secret: StoredSecret, versionId: string): void {
      clock.at(clock.now(), () => attempt(secret, versionId, 1));
    },
  };
}
