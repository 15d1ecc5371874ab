import * as z from 'zod';

export const GatewayEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
  ALERTS_TOPIC_ARN: z.string().min(1),
  QUOTA_TABLE_NAME: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type GatewayEnv = Omit<z.input<typeof GatewayEnvSchema>, 'LAMBDA_TASK_ROOT'>;
