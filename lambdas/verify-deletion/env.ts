import * as z from 'zod';

export const VerifyDeletionEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
});
