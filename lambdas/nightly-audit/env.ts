import * as z from 'zod';

export const NightlyAuditEnvSchema = z.object({
  /** Where Lambda unpacks the function, and the policy with it. */
  LAMBDA_TASK_ROOT: z.string().min(1),
  ALERTS_TOPIC_ARN: z.string().min(1),
  EVIDENCE_BUCKET_NAME: z.string().min(1),
  /** As every client of the SDK has it: an S3 elsewhere than at AWS. */
  AWS_ENDPOINT_URL: z.url().optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  RECORDS_TABLE_NAME: z.string().min(1),
  RETIREMENT_STATE_MACHINE_ARN: z.string().min(1),
});

/** What the construct sets; Lambda sets the rest. */
export type NightlyAuditEnv = Omit<
  z.input<typeof NightlyAuditEnvSchema>,
  'LAMBDA_TASK_ROOT' | 'AWS_ENDPOINT_URL' | 'AWS_ENDPOINT_URL_S3'
>;
