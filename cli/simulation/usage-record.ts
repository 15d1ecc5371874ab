import * as z from 'zod';
import { IAM_ARN, MODEL_ENDPOINT_NAMES } from '../access/gateway-rules.js';
import { parseTime } from './usage-time.js';

const MAX_COUNT = 1e12;
/** Digits, also as programs write whole numbers that may be missing: 900.0, 1e+06. */
const COUNT = /^\d+(\.0)?$|^\d(\.\d+)?[eE]\+?\d+$/;
/** A decimal comma is a spreadsheet's; with both, or several, it could be either. */
const AMOUNT = /^\d+([.,]\d+)?$/;

const count = z
  .union([z.number(), z.string().regex(COUNT).transform(Number)])
  .pipe(z.int().min(0).max(MAX_COUNT));
const amount = z
  .union([
    z.number(),
    z
      .string()
      .regex(AMOUNT)
      .transform((text) => Number(text.replace(',', '.'))),
  ])
  .pipe(z.number().min(0).max(1e9));

/** One past request. Numbers may be text, as in a CSV file. */
const UsageRecordSchema = z.object({
  at: z.string().transform((text, context) => {
    const at = parseTime(text);
    if (at) return at;
    context.addIssue('not a time');
    return z.NEVER;
  }),
  /** ARN of an IAM user, role or session. */
  caller: z.string().regex(IAM_ARN),
  model: z.string().min(1),
  endpoint: z.enum(MODEL_ENDPOINT_NAMES).default('chat'),
  promptTokens: count.default(0),
  /** Part of the prompt tokens. */
  cachedTokens: count.default(0),
  completionTokens: count.default(0),
  /** The max_tokens of the request, if it had any. */
  maxTokens: count.optional(),
  /** For OCR. */
  pages: count.default(0),
  audioSeconds: amount.default(0),
  priority: z
    .union([z.boolean(), z.stringFormat('boolean', /^(true|false)$/i).transform(isTrue)])
    .default(false),
});

function isTrue(text: string): boolean {
  return text.toLowerCase() === 'true';
}

type Field = keyof typeof UsageRecordSchema.shape;

const WHOLE = `must be a whole number from 0 to ${MAX_COUNT}, without separators`;

/** What each field must be, for the author of the file. */
const ALLOWED: Readonly<Record<Field, string>> = {
  at: 'must be a time with a time zone, such as 2026-11-24T09:30:00Z or 20261124T093000+0100',
  caller: 'must be an IAM ARN',
  model: 'must be the name of a model',
  endpoint: `must be one of ${MODEL_ENDPOINT_NAMES.join(', ')}`,
  promptTokens: WHOLE,
  cachedTokens: WHOLE,
  completionTokens: WHOLE,
  maxTokens: WHOLE,
  pages: WHOLE,
  audioSeconds: 'must be a number of seconds such as 12.5, without thousands separators',
  priority: 'must be true or false',
};

export type UsageRecord = z.infer<typeof UsageRecordSchema>;

export const RECORD_FIELDS = Object.keys(UsageRecordSchema.shape);
export const REQUIRED_FIELDS = ['at', 'caller', 'model'] as const;

/** A request, or why the line is not one. */
export type ReadRecord =
  | { readonly kind: 'record'; readonly record: UsageRecord }
  | { readonly kind: 'wrong'; readonly problem: string };

/** A request from the fields of a line. */
export function readRecord(fields: object): ReadRecord {
  const parsed = UsageRecordSchema.safeParse(fields);
  if (parsed.success) return { kind: 'record', record: parsed.data };
  const wrong = new Set(parsed.error.issues.map(({ path }) => path[0] as Field));
  const problems = [...wrong].map(
    (field) => `${field}: ${receivedText(Reflect.get(fields, field))}, ${ALLOWED[field]}`,
  );
  return { kind: 'wrong', problem: problems.join('; ') };
}

export function receivedText(value: unknown): string {
  if (value === undefined) return 'is missing';
  const text = jsonOf(value);
  return `got ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'what is nested too deeply'; // to be written; reading takes any depth
  }
}
