import * as z from 'zod';
import { DAY_MS, HOUR_MS } from '../../platform/utc-day.js';
import { UNITS } from '../../prices/unit-prices.js';

const CountSchema = z.number().int().nonnegative();
const AmountsSchema = z.object({ cost: CountSchema, tokens: CountSchema });
const PlaceSchema = z.object({ pk: z.string(), sk: z.string(), expiresAtMs: z.number() });
const PartSchema = PlaceSchema.extend({
  unit: z.enum(['requests', 'tokens', 'usd', 'eur']),
  amount: CountSchema,
});
const ExactSchema = z.codec(z.string().regex(/^\d+$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => String(value),
});

/** What is known of a batch job until it is settled. Each change is durable before the step that it announces. */
export const JobRecordSchema = z.object({
  /** By which Mistral's job names its record, in its metadata: our own, since it exists before the job does. */
  id: z.string().min(1),
  workspace: z.string(),
  workspaceId: z.string(),
  /** The caller, as its quotas name it, and its role. */
  owner: z.string(),
  role: z.string(),
  /** Whether that role shared its objects then. */
  isShared: z.boolean(),
  endpoint: z.string(),
  modelId: z.string(),
  /**
   * `reserving`: nothing was sent, leases may be there. `sending`: Mistral may have the job. `running`: it has, by
   * `jobId`. `settling`: what it used is decided, and is being booked.
   */
  state: z.enum(['reserving', 'sending', 'running', 'settling']),
  createdAtMs: z.number(),
  timeoutHours: z.number(),
  /** The end of its leases. */
  untilMs: z.number(),
  jobId: z.string().optional(),
  lines: CountSchema,
  /** What is reserved, and what of it a line may use. */
  bounds: AmountsSchema.extend({
    ofLine: AmountsSchema,
    most: z.object({
      promptTokens: CountSchema,
      completionTokens: CountSchema,
      pages: CountSchema,
      annotatedPages: CountSchema,
      audioSeconds: CountSchema,
      characters: CountSchema,
    }),
  }),
  /** On the day of its creation. */
  rates: z.record(z.enum([...UNITS, 'divisor']), ExactSchema),
  /** Where it may have leases. */
  places: z.array(PlaceSchema),
  /** The leases that it has, for each quota. */
  parts: z.array(z.array(PartSchema)).optional(),
  used: AmountsSchema.optional(),
  /** When on-call was notified that it is not settled. */
  notifiedAtMs: z.number().optional(),
});

export type JobRecord = z.infer<typeof JobRecordSchema>;

/** After its timeout, from when on a job that is not settled counts in full. */
export const GIVEN_UP_MS = 7 * DAY_MS;

/** Until when the leases of a job last that is created now: all is booked before. */
export function leasedUntil(createdAt: Date, timeoutHours: number): number {
  return createdAt.getTime() + timeoutHours * HOUR_MS + GIVEN_UP_MS + DAY_MS;
}

/** In the metadata of a job at Mistral: the id of its record. */
export const RECORD_ID = 'governance_record';
