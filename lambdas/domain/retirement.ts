import * as z from 'zod';

const VersionId = z.string().min(1);
const Instant = z.iso.datetime();

/** Input of the retirement state machine: ids and dates, never a key. */
export const RetirementSchema = z.object({
  /** ARN of the secret whose key was replaced. */
  secretId: z.string().min(1),
  /** The secret's name, for people. */
  secretName: z.string().min(1),
  workspace: z.string().min(1),
  oldKeyId: z.string().min(1),
  newKeyId: z.string().min(1),
  oldVersionId: VersionId,
  newVersionId: VersionId,
  promotedAt: Instant,
  /** When to look at the old key first; in the past means at once. */
  checkAt: Instant,
  rules: z.object({
    quietDays: z.int().min(0),
    maxDrainDays: z.int().min(0),
    onDrainTimeout: z.enum(['hold', 'revoke']),
  }),
});

export type Retirement = z.infer<typeof RetirementSchema>;
