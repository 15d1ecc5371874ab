import * as z from 'zod';
import { SEVERITIES } from './alert-types.js';
import { EVENT_VERSION } from './event-names.js';
import { FINDING_TYPES } from './finding-types.js';

const keyId = z.string().meta({
  description: 'The id of a key at Mistral; in operator mode, the name that its operator gave it',
});
const secret = {
  secretName: z.string(),
  secretArn: z.string(),
};
const finding = {
  finding: z.object({
    id: z.string().meta({ description: 'The same for the same fact, as long as it holds' }),
    type: z.enum(FINDING_TYPES),
    subject: z.string().meta({ description: 'The name of a secret, key, workspace or model' }),
    summary: z.string(),
    evidence: z.record(z.string(), z.string()),
    since: z.iso.date(),
    nextStep: z.string(),
    nextCommand: z.string(),
  }),
  openedOn: z.iso.date(),
};
const budget = {
  window: z.string().meta({ description: 'hour, day or month in UTC, such as 2026-11' }),
  currency: z.string(),
  limitNanos: z.int().meta({ description: 'The budget, in billionths of the currency' }),
  spentNanos: z.int(),
  resetsAt: z.iso.datetime(),
};

/** What each event says besides what all of them say. */
const FIELDS = {
  'key-provisioned': { ...secret, keyId, expiresOn: z.iso.date().optional() },
  'key-rotated': {
    ...secret,
    keyId,
    previousKeyId: keyId,
    versionId: z.string().meta({ description: 'The version of the secret that is now AWSCURRENT' }),
    expiresOn: z.iso.date().optional(),
    eventOnly: z.boolean().meta({
      description: 'Whether services of the key restart by this event alone, as its policy says',
    }),
    firstCheckAt: z.iso
      .datetime()
      .meta({ description: 'The previous key works until then at least, unless it has leaked' }),
  },
  'key-retired': {
    ...secret,
    keyId,
    reason: z.enum(['replaced', 'removed']),
    replacedBy: keyId.optional(),
  },
  'key-rolled-back': {
    ...secret,
    keyId: keyId.meta({ description: 'The key that is current again' }),
    withdrawnKeyId: keyId,
    by: z.enum(['retirement', 'hand']),
  },
  'key-held': {
    ...secret,
    keyId,
    waitsFor: z.enum(['approval', 'deletion']),
    lastUsedOn: z.iso.date().optional(),
  },
  'rotation-failed': {
    ...secret,
    problem: z.enum([
      'new-key-rejected',
      'first-key-rejected',
      'current-key-rejected',
      'both-keys-rejected',
      'retirement-failed',
    ]),
  },
  'finding-opened': finding,
  'finding-raised': finding,
  'finding-resolved': {
    ...finding,
    resolution: z.enum(['gone', 'accepted-or-grouped']).meta({
      description:
        'gone: no longer so. accepted-or-grouped: the policy accepts it now, or it is counted in a finding of many',
    }),
  },
  'budget-threshold': { ...budget, thresholdPercent: z.number() },
  'budget-exhausted': {
    ...budget,
    requests: z.enum(['blocked', 'not-blocked', 'blocked-where-too-large']),
  },
  'caller-refused': {
    callerArn: z.string(),
    code: z.string().meta({ description: 'The code of the error that the caller got' }),
  },
  'report-written': {
    report: z.string().meta({ description: 'The address of the report, s3://…' }),
    auditedOn: z.iso.date(),
    findings: z.int().meta({ description: 'How many are open' }),
    complete: z.boolean(),
  },
} satisfies Readonly<Record<string, z.core.$ZodShape>>;

export type EventType = keyof typeof FIELDS;

export const EVENT_TYPES = Object.keys(FIELDS) as EventType[];

/** What changed, and what is to be known of it. */
export type Change = {
  [Type in EventType]: { readonly type: Type } & z.infer<z.ZodObject<(typeof FIELDS)[Type]>>;
}[EventType];

/** The detail of events of a type. */
export function detailSchema<Type extends EventType>(type: Type) {
  return z.object({
    version: z.literal(EVENT_VERSION),
    id: z.string().meta({ description: 'The same for each delivery of one event' }),
    type: z.literal(type),
    at: z.iso.datetime().meta({ description: 'When it was found to be so' }),
    workspace: z.string().meta({ description: 'organization where it is more than one' }),
    threadId: z.string().meta({ description: 'As in the alerts that belong to it' }),
    severity: z.enum(SEVERITIES),
    summary: z.string().meta({ description: 'What happened, in one line for people' }),
    origin: z.object({
      account: z.string(),
      accountAlias: z.string().optional(),
      region: z.string(),
      stack: z.string().optional(),
      environment: z.string().optional(),
    }),
    ...FIELDS[type],
  });
}
