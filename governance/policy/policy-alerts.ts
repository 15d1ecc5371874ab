import * as z from 'zod';
import { ALERT_TYPES, SEVERITIES } from './alert-types.js';
import { AccountAliasSchema, EventBusSchema, SubjectPrefixSchema } from './policy-fields.js';

const SubscriptionSchema = z.strictObject({
  protocol: z.enum(['email', 'email-json', 'https', 'sms', 'sqs', 'lambda']),
  endpoint: z.string().min(1).max(2048),
  /** Only alerts whose message attributes have one of these values. */
  filter: z
    .strictObject({
      type: z.array(z.enum(ALERT_TYPES)).min(1).optional(),
      severity: z.array(z.enum(SEVERITIES)).min(1).optional(),
      workspace: z.array(z.string()).min(1).optional(),
    })
    .optional(),
});

export const DEFAULT_RUNBOOK =
  'https://github.com/mistral-governance/mistral-governance/blob/main/docs/runbook.md';

export const AlertsSchema = z.strictObject({
  /** Percent of a budget, ascending. */
  spendThresholds: z.array(z.number().positive().max(1000)).min(1).default([50, 80, 95, 100]),
  subscriptions: z.array(SubscriptionSchema).default([]),
  runbookUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .max(512) // an alarm's description has 1,024 characters, and ends with it
    .default(DEFAULT_RUNBOOK),
  /** What people call the AWS account that this is deployed to. */
  accountAlias: AccountAliasSchema.optional(),
  /** Before the subject of every alert; names in braces stand for where it comes from. */
  subjectPrefix: SubjectPrefixSchema.optional(),
});

export const EventsSchema = z.strictObject({
  /** The EventBridge bus that every change of state is put on: its name, or its ARN in another account. */
  busName: EventBusSchema.default('default'),
});
