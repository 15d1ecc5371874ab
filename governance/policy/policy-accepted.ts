import * as z from 'zod';
import { ACCEPTABLE_TYPES, neverAcceptedBecause } from './finding-types.js';
import { WARNING_IDS } from './warning.js';

const FindingPatternSchema = z
  .string()
  .max(256)
  .regex(/\S/, { error: 'must be a name or an id, in which "*" stands for any characters' });

/** Findings that are known and stay as they are until a day. */
export const AcceptedSchema = z.strictObject({
  type: z.enum(ACCEPTABLE_TYPES, {
    error: ({ input }) => {
      const reason = neverAcceptedBecause(String(input));
      return reason && `is never accepted: ${reason}`;
    },
  }),
  /** Subjects of findings, or ids of keys; `*` matches any characters. */
  subject: z.union([FindingPatternSchema, z.array(FindingPatternSchema).min(1)], {
    error:
      'must be a name or an id, or a list of at least one, in which "*" stands for any characters',
  }),
  reason: z.string().max(500).regex(/\S/, { error: 'must say why the findings are accepted' }),
  /** The last day, in UTC. */
  until: z.iso.date({ error: 'must be a day such as 2027-03-31' }),
});

/** Warnings of `policy check` and synth that are known and stay as they are. */
export const AcceptedWarningSchema = z.strictObject({
  id: z.enum(WARNING_IDS),
  /** What the warning is about; `*` matches any characters. */
  subject: z.string().max(2048).regex(/\S/, { error: 'must be what the warning is about' }),
  reason: z.string().max(500).regex(/\S/, { error: 'must say why the warning is accepted' }),
});
