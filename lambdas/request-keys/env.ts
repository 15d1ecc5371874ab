import * as z from 'zod';

export const RequestKeysEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
  ALERTS_TOPIC_ARN: z.string().min(1),
  RECORDS_TABLE_NAME: z.string().min(1),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type RequestKeysEnv = Omit<z.input<typeof RequestKeysEnvSchema>, 'LAMBDA_TASK_ROOT'>;
