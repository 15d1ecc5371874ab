import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, parse } from 'csv-parse/sync';
import { unreadText } from '../../governance/platform/failures.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { wrongInput } from '../failure.js';
import { createElementSplitter, type JsonElement } from './json-elements.js';
import { REQUIRED_FIELDS, type ReadRecord, readRecord, receivedText } from './usage-record.js';

export type UsageLine = ReadRecord & { readonly line: number };

type Read = (line: string) => ReadRecord;

const MAX_LINE_LENGTH = 1_048_576;

/** Past requests from a file of any size, of which memory holds one. @throws CommandFailure */
export async function* readUsage(input: Readable, name: string): AsyncGenerator<UsageLine> {
  yield* usageLines(textOf(input, name));
}

async function* textOf(input: Readable, name: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let start = Buffer.alloc(0);
  try {
    for await (const given of input) {
      const chunk = Buffer.from(given);
      if (!decoder) {
        start = Buffer.concat([start, chunk]);
        if (start.length < 2) continue;
        decoder = decoderFor(start);
      }
      yield decoder.decode(start.length > 0 ? start : chunk, { stream: true });
      start = Buffer.alloc(0);
    }
    if (!decoder) yield start.toString();
  } catch (error) {
    throw wrongInput(`usage ${name} could not be read: ${unreadText(error)}`, { cause: error });
  }
}

/** UTF-16 is what a spreadsheet calls Unicode text. A decoder drops the byte order mark. */
function decoderFor(start: Buffer): TextDecoder {
  const [first, second] = start;
  if (first === 0x1f && second === 0x8b) {
    throw new Error('it is compressed with gzip: pipe "zcat <file>" into --usage -');
  }
  if (first === 0x50 && second === 0x4b) {
    throw new Error('it is a spreadsheet or an archive: save it as CSV');
  }
  const isUnmarked = second === 0; // ASCII, of which UTF-16 makes every second byte zero
  if ((first === 0xff && second === 0xfe) || isUnmarked) return new TextDecoder('utf-16le');
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be');
  return new TextDecoder();
}

/** Requests from a text in pieces: a JSON array, lines of JSON, or CSV below a header line. */
export async function* usageLines(pieces: AsyncIterable<string>): AsyncGenerator<UsageLine> {
  const iterator = pieces[Symbol.asyncIterator]();
  let start = '';
  let isEnd = false;
  // What the first line is decides how all are read.
  while (!isEnd && !/^\s*(\[|[^\s[][^\n]*\n)/.test(start) && start.length <= MAX_LINE_LENGTH) {
    const next = await iterator.next();
    isEnd = next.done === true;
    if (!next.done) start += next.value;
  }
  async function* all(): AsyncGenerator<string> {
    yield start;
    if (!isEnd) yield* { [Symbol.asyncIterator]: () => iterator };
  }
  const [, first = ''] = /^\s*(\[|\{\s*\n)?/.exec(start) ?? [];
  if (first === '') yield* recordsOfLines(textLines(all()));
  else yield* recordsOfJson(all(), first === '[');
}

async function* recordsOfJson(
  pieces: AsyncIterable<string>,
  isArray: boolean,
): AsyncGenerator<UsageLine> {
  const splitter = createElementSplitter(isArray, MAX_LINE_LENGTH);
  const read = (found: JsonElement): UsageLine =>
    found.kind === 'wrong' ? found : { ...readJson(found.text), line: found.line };
  for await (const piece of pieces) for (const found of splitter.push(piece)) yield read(found);
  for (const found of splitter.close()) yield read(found);
}

/** A line that is too long comes as far as it is read, once. */
async function* textLines(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const isTooLong = rest.length > MAX_LINE_LENGTH;
    const lines = piece.split('\n');
    lines[0] = isTooLong ? rest : rest + lines[0];
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const SEPARATOR_LINE = /^"?sep=(.)"?\s*$/i;

async function* recordsOfLines(lines: AsyncIterable<string>): AsyncGenerator<UsageLine> {
  let read: Read | undefined;
  let separator: string | undefined;
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() === '') continue;
    if (read === undefined) {
      const [, named] = SEPARATOR_LINE.exec(text.trimStart()) ?? [];
      separator ??= named;
      if (named) continue;
      const isJson = text.trimStart().startsWith('{');
      read = isJson ? readJson : csvReader(text, line, separator);
      if (!isJson) continue;
    }
    const isTooLong = text.length > MAX_LINE_LENGTH;
    const problem = `is longer than ${MAX_LINE_LENGTH} characters`;
    yield isTooLong ? { kind: 'wrong', problem, line } : { ...read(text), line };
  }
}

function readJson(text: string): ReadRecord {
  const value = parseJson(text);
  if (value === undefined) return { kind: 'wrong', problem: 'is not valid JSON' };
  if (isObject(value) && !Array.isArray(value)) {
    const given = Object.entries(value).filter(([, one]) => one !== null);
    return readRecord(Object.fromEntries(given));
  }
  return { kind: 'wrong', problem: `${receivedText(value)}, must be a JSON object` };
}

/** Spreadsheets of countries with a decimal comma separate by semicolons; tabs are pasted from any. */
const SEPARATORS = [',', ';', '\t'];

function csvReader(header: string, line: number, named: string | undefined): Read {
  const missingFrom = (separator: string) => {
    const names = csvFields(header, separator) ?? [];
    return REQUIRED_FIELDS.filter((name) => !names.includes(name));
  };
  const [separator = ','] = (named ? [named] : SEPARATORS).toSorted(
    (one, other) => missingFrom(one).length - missingFrom(other).length,
  );
  const missing = missingFrom(separator);
  if (/\r./.test(header)) {
    throw wrongInput(
      `line ${line} has line ends of an old Mac: save the file as CSV with other ones`,
    );
  }
  if (missing.length > 0) {
    throw wrongInput(
      `line ${line} is neither JSON nor a CSV header with ${REQUIRED_FIELDS.join(', ')}: missing are ${missing.join(', ')}`,
    );
  }
  const names = csvFields(header, separator) ?? [];
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) !== at);
  if (twice) throw wrongInput(`line ${line} names the column ${twice} twice`);
  return (text) => {
    const fields = csvFields(text, separator);
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
export function csvFields(line: string, separator = ','): string[] | undefined {
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  try {
    const records = parse(line, { trim: true, relax_column_count: true, delimiter: separator });
    return records.length === 1 ? records[0] : undefined;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
