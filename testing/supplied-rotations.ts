import * as z from 'zod';
import type { VirtualClock } from './clock.js';
import type { InvokedFunction } from './fakes/lambda-invoke.js';
import type { RotationRecord } from './secret-rotation.js';

const EventSchema = z.object({
  Step: z.enum(['testSecret', 'finishSecret']),
  SecretId: z.string(),
  ClientRequestToken: z.string(),
});

export interface SuppliedRotations {
  readonly records: readonly RotationRecord[];
  /** Calls the function as the command line asks for it. */
  readonly invoke: InvokedFunction;
}

/** Keeps what became of every key that a person supplied, as Secrets Manager's rotations are kept. */
export function recordSupplied(
  clock: Pick<VirtualClock, 'now'>,
  rotationFunction: InvokedFunction,
): SuppliedRotations {
  const records: RotationRecord[] = [];

  return {
    records,

    async invoke(event) {
      const {
        Step: step,
        SecretId: secret,
        ClientRequestToken: versionId,
      } = EventSchema.parse(event);
      const at = clock.now();
      let record = records.find((one) => one.versionId === versionId);
      if (!record) {
        record = { secret, versionId, startedAt: at, steps: [], finishedAt: undefined };
        records.push(record);
      }
      try {
        await rotationFunction(event);
        record.steps.push({ step, at });
        if (step === 'finishSecret') record.finishedAt = clock.now();
      } catch (error) {
        record.steps.push({ step, at, error: String(error) });
        throw error;
      }
    },
  };
}
