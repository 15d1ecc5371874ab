import * as z from 'zod';

export const VerifyRetirementEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type VerifyRetirementEnv = Omit<
  z.input<typeof VerifyRetirementEnvSchema>,
  'LAMBDA_TASK_ROOT'
>;
