import * as z from 'zod';

export const NotifyOnCallEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
  ALERTS_TOPIC_ARN: z.string().min(1),
  RECORDS_TABLE_NAME: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type NotifyOnCallEnv = Omit<z.input<typeof NotifyOnCallEnvSchema>, 'LAMBDA_TASK_ROOT'>;
