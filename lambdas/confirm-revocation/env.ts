import * as z from 'zod';

export const ConfirmRevocationEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type ConfirmRevocationEnv = Omit<
  z.input<typeof ConfirmRevocationEnvSchema>,
  'LAMBDA_TASK_ROOT'
>;
