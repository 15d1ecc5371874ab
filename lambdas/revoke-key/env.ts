import * as z from 'zod';

export const RevokeKeyEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type RevokeKeyEnv = Omit<z.input<typeof RevokeKeyEnvSchema>, 'LAMBDA_TASK_ROOT'>;
