import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse/sync';
import * as z from 'zod';
import { messageOf } from '../../governance/platform/failures.js';
import { ENDPOINT_NAMES, IAM_ARN } from '../access/gateway-rules.js';
import { wrongInput } from '../failure.js';

const count = z.coerce.number<string | number>().int().min(0).max(1e12);

/** One past request. Numbers may be text, as in a CSV file. */
const UsageRecordSchema = z.object({
  at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  /** ARN of an IAM user, role or session. */
  caller: z.string().regex(IAM_ARN, { error: 'must be an IAM ARN' }),
  model: z.string().min(1),
  endpoint: z.enum(ENDPOINT_NAMES).default('chat'),
  promptTokens: count.default(0),
  /** Part of the prompt tokens. */
  cachedTokens: count.default(0),
  completionTokens: count.default(0),
  /** The max_tokens of the request, if it had any. */
  maxTokens: count.optional(),
  /** For OCR. */
  pages: count.default(0),
  audioSeconds: z.coerce.number<string | number>().min(0).max(1e9).default(0),
  priority: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(false),
});

export type UsageRecord = z.infer<typeof UsageRecordSchema>;

export const RECORD_FIELDS = Object.keys(UsageRecordSchema.shape);
const REQUIRED_FIELDS = ['at', 'caller', 'model'] as const;

/** A request, or why the line is not one. */
type ReadRecord =
  | { readonly kind: 'record'; readonly record: UsageRecord }
  | { readonly kind: 'wrong'; readonly problem: string };

export type UsageLine = ReadRecord & { readonly line: number };

type Read = (line: string) => ReadRecord;

/** Past requests from a text of any size, read line by line. @throws CommandFailure */
export async function* readUsage(input: Readable, name: string): AsyncGenerator<UsageLine> {
  yield* usageLines(textLines(input, name));
}

const MAX_LINE_LENGTH = 1_048_576;

async function* textLines(input: Readable, name: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE_LENGTH) {
        throw new Error(`a line is longer than ${MAX_LINE_LENGTH} characters`);
      }
      yield* lines;
    }
  } catch (error) {
    throw wrongInput(`usage ${name} could not be read: ${messageOf(error)}`, { cause: error });
  }
  if (rest !== '') yield rest;
}

/** Requests from lines of JSON, or of CSV below a header line: the first line decides. */
export async function* usageLines(lines: AsyncIterable<string>): AsyncGenerator<UsageLine> {
  let read: Read | undefined;
  let number = 0;
  for await (const raw of lines) {
    number += 1;
    const line = number === 1 ? raw.replace(/^\ufeff/, '') : raw;
    if (line.trim() === '') continue;
    if (read === undefined) {
      const isJson = line.trimStart().startsWith('{');
      read = isJson ? readJson : csvReader(line, number);
      if (!isJson) continue;
    }
    yield { ...read(line), line: number };
  }
}

function readJson(line: string): ReadRecord {
  try {
    return readRecord(JSON.parse(line));
  } catch {
    return { kind: 'wrong', problem: 'is not valid JSON' };
  }
}

function csvReader(header: string, number: number): Read {
  const names = csvFields(header) ?? [];
  const missing = REQUIRED_FIELDS.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw wrongInput(
      `line ${number} is neither JSON nor a CSV header with ${REQUIRED_FIELDS.join(', ')}: missing are ${missing.join(', ')}`,
    );
  }
  return (line) => {
    const fields = csvFields(line);
    if (!fields) return { kind: 'wrong', problem: 'has quotes that do not match' };
    if (fields.length !== names.length) {
      const problem = `has ${fields.length} fields, the header has ${names.length}`;
      return { kind: 'wrong', problem };
    }
    // An empty field counts as missing.
    const entries = names.map((name, at) => [name, fields[at]] as const);
    return readRecord(Object.fromEntries(entries.filter(([, value]) => value !== '')));
  };
}

/**
 * The fields of one line of CSV; `undefined` where its quotes do not match. Parsed line by line: in a
 * stream, one quote that stays open takes everything up to the next quote with it.
 */
export function csvFields(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(',').map((field) => field.trim());
  try {
    const records = parse(line, { trim: true, relax_column_count: true });
    return records.length === 1 ? records[0] : undefined;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

function readRecord(fields: unknown): ReadRecord {
  const parsed = UsageRecordSchema.safeParse(fields);
  if (parsed.success) return { kind: 'record', record: parsed.data };
  const problems = parsed.error.issues.map(({ path, message }) => {
    const name = path.join('.') || 'the line';
    return `${name}: ${receivedText(valueAt(fields, path))}, ${message}`;
  });
  return { kind: 'wrong', problem: problems.join('; ') };
}

function valueAt(fields: unknown, [key]: readonly PropertyKey[]): unknown {
  if (key === undefined || typeof fields !== 'object' || fields === null) return fields;
  return Reflect.get(fields, key);
}

function receivedText(value: unknown): string {
  if (value === undefined) return 'is missing';
  const text = JSON.stringify(value);
  return `got ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}
