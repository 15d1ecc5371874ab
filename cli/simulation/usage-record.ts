import * as z from 'zod';
import { quoted } from '../../governance/platform/wording.js';
import { ENDPOINT_NAMES } from '../access/endpoints.js';

const count = z.coerce.number<string | number>().int().min(0).max(1e12);

/** One request of the past. Numbers may be text, as in a CSV file. */
export const UsageRecordSchema = z.object({
  at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  /** ARN of an IAM user, role or session. */
  caller: z.string().regex(/^arn:[^:]+:(iam|sts)::/, { error: 'must be an ARN of IAM' }),
  model: z.string().min(1),
  endpoint: z.enum(ENDPOINT_NAMES).default('chat'),
  promptTokens: count.default(0),
  /** Of the prompt. */
  cachedTokens: count.default(0),
  completionTokens: count.default(0),
  /** What the request asked for, where it did. */
  maxTokens: count.optional(),
  /** Of OCR. */
  pages: count.default(0),
  audioSeconds: z.coerce.number<string | number>().min(0).max(1e9).default(0),
  priority: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(false),
});

export type UsageRecord = z.infer<typeof UsageRecordSchema>;

export const RECORD_FIELDS = Object.keys(UsageRecordSchema.shape);
export const REQUIRED_FIELDS = ['at', 'caller', 'model'] as const;

/** A request, or what is wrong with it in words. */
export type ReadRecord =
  | { readonly kind: 'record'; readonly record: UsageRecord }
  | { readonly kind: 'wrong'; readonly problem: string };

export function readRecord(fields: unknown): ReadRecord {
  const parsed = UsageRecordSchema.safeParse(fields);
  if (parsed.success) return { kind: 'record', record: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.') || 'the line';
    const value = valueAt(fields, path);
    return `${name}: ${value === undefined ? 'is missing' : `got ${quoted(value)}`}, ${message}`;
  });
  return { kind: 'wrong', problem: problems.join('; ') };
}

function valueAt(fields: unknown, [key]: readonly PropertyKey[]): unknown {
  if (key === undefined || typeof fields !== 'object' || fields === null) return fields;
  return Reflect.get(fields, key);
}
