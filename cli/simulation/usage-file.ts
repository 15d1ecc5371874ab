import { wrongInput } from '../failure.js';
import { csvFields } from './csv-line.js';
import { REQUIRED_FIELDS, type ReadRecord, readRecord } from './usage-record.js';

export type UsageLine = ReadRecord & { readonly line: number };

type Read = (line: string) => ReadRecord;

/** Requests from lines of JSON, or of CSV below a line of names: whichever the first line is. */
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
    return { kind: 'wrong', problem: 'is no JSON' };
  }
}

function csvReader(head: string, number: number): Read {
  const names = csvFields(head) ?? [];
  const missing = REQUIRED_FIELDS.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw wrongInput(
      `line ${number} is neither JSON nor a line of CSV that names ${REQUIRED_FIELDS.join(', ')}: missing are ${missing.join(', ')}`,
    );
  }
  return (line) => {
    const fields = csvFields(line);
    if (!fields || fields.length !== names.length) {
      const got = fields ? `${fields.length} fields` : 'a quote that does not end';
      return { kind: 'wrong', problem: `has ${got}, the line of names ${names.length}` };
    }
    // An empty field is one that is not there.
    const entries = names.map((name, at) => [name, fields[at]] as const);
    return readRecord(Object.fromEntries(entries.filter(([, value]) => value !== '')));
  };
}
