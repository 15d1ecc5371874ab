import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readUsage } from '../../cli/simulation/usage-file.js';
import { parseTime } from '../../cli/simulation/usage-time.js';

const CALLER = 'arn:aws:iam::111122223333:role/analyst';
const RECORD = { at: '2026-11-24T09:30:00Z', caller: CALLER, model: 'mistral-small-latest' };
const HEADER = ['at', 'caller', 'model', 'promptTokens', 'audioSeconds', 'priority'];
const ROW = [...Object.values(RECORD), '900', '12.5', 'TRUE'];

/** What a file is read as: of each record a few fields, of each fault its line and words. */
async function read(content: string | Buffer, pieces = 1): Promise<unknown[]> {
  const bytes = Buffer.from(content);
  const size = Math.ceil(bytes.length / pieces) || 1;
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  const found: unknown[] = [];
  for await (const one of readUsage(Readable.from(chunks), 'a file')) {
    if (one.kind === 'wrong') found.push(`line ${one.line}: ${one.problem}`);
    else {
      const { at, promptTokens, audioSeconds, priority } = one.record;
      found.push([one.line, at.toISOString(), promptTokens, audioSeconds, priority]);
    }
  }
  return found;
}

const json = (changes = {}) => JSON.stringify({ ...RECORD, promptTokens: 900, ...changes });
const readAs = (line: number) => [line, '2026-11-24T09:30:00.000Z', 900, 0, false];
const spoken = [2, '2026-11-24T09:30:00.000Z', 900, 12.5, true];
const rows = (separator: string, row = ROW) =>
  `${HEADER.join(separator)}\n${row.join(separator)}\n`;

describe('a file of past requests', () => {
  test.each([
    ['lines of JSON', `${json()}\n\r\n${json()}`, [readAs(1), readAs(3)]],
    ['an array on one line', `[${json()},${json()}]`, [readAs(1), readAs(1)]],
    ['an array of lines', `[\n${json()},\n${json()}\n]\n`, [readAs(2), readAs(3)]],
    ['an array that is indented', JSON.stringify([JSON.parse(json())], null, 2), [readAs(2)]],
    ['an empty array', ' [ ]\n', []],
    [
      'objects that are indented',
      `{\n "n": {"[": "}\\""},\n${json().slice(1)}\n{\n${json().slice(1)}`,
      [readAs(1), readAs(4)],
    ],
    ['fields that are null', json({ maxTokens: null, priority: null }), [readAs(1)]],
    ['commas', rows(','), [spoken]],
    ['semicolons', rows(';'), [spoken]],
    ['tabs', rows('\t'), [spoken]],
    ['a decimal comma', rows(';', ROW.with(4, '12,5')), [spoken]],
    ['a decimal comma in quotes', rows(',', ROW.with(4, '"12,5"')), [spoken]],
    ['the separator that a spreadsheet names', `sep=;\n${rows(';')}`, [spoken.with(0, 3)]],
    ['a tab that is named', `sep=\t\r\n${rows('\t')}`, [spoken.with(0, 3)]],
    ['another one that is named', `sep=|\n${rows('|')}`, [spoken.with(0, 3)]],
    ['numbers of a data frame', rows(',', ROW.with(3, '900.0')), [spoken]],
    ['numbers of science', rows(',', ROW.with(3, '9e+2')), [spoken]],
  ])('may have %s', async (_what, content, expected) => {
    expect(await read(content)).toEqual(expected);
    expect(await read(content, content.length)).toEqual(expected);
  });

  test.each([
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${rows(';')}`)],
    ['UTF-16', Buffer.from(`\ufeff${rows('\t')}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(rows('\t'), 'utf16le')],
    ['UTF-16, big-endian', Buffer.from(`\ufeff${rows('\t')}`, 'utf16le').swap16()],
  ])('may be in %s', async (_what, content) => {
    expect(await read(content)).toEqual([spoken]);
    expect(await read(content, content.length)).toEqual([spoken]);
  });

  const WHOLE = 'must be a whole number from 0 to 1000000000000, without separators';

  test.each([
    [
      'text after a number of tokens',
      `[${json({ promptTokens: '9O0' })}]`,
      [`line 1: promptTokens: got "9O0", ${WHOLE}`],
    ],
    [
      'a separator of thousands',
      rows(';', ROW.with(3, '1.000')),
      [`line 2: promptTokens: got "1.000", ${WHOLE}`],
    ],
    [
      'both in an amount',
      rows(';', ROW.with(4, '1.234,5')),
      [
        'line 2: audioSeconds: got "1.234,5", must be a number of seconds such as 12.5, without thousands separators',
      ],
    ],
    [
      'a word for true',
      rows(';', ROW.with(5, 'yes')),
      ['line 2: priority: got "yes", must be true or false'],
    ],
    [
      'another endpoint',
      json({ endpoint: 'chat/completions' }),
      [
        'line 1: endpoint: got "chat/completions", must be one of chat, fim, embeddings, moderations, chat-moderations, classifications, chat-classifications, speech, ocr, transcriptions',
      ],
    ],
    [
      'two faults',
      json({ at: 'now', caller: 7 }),
      [
        'line 1: at: got "now", must be a time with a time zone, such as 2026-11-24T09:30:00Z or 20261124T093000+0100; caller: got 7, must be an IAM ARN',
      ],
    ],
    [
      'no caller',
      '{"at":"2026-11-24T09:30Z","model":"m"}',
      ['line 1: caller: is missing, must be an IAM ARN'],
    ],
    [
      'a value nested very deeply',
      `${json().replace(`"${CALLER}"`, '['.repeat(100_000) + ']'.repeat(100_000))}\n${json()}`,
      ['line 1: caller: got what is nested too deeply, must be an IAM ARN', readAs(2)],
    ],
    [
      'a broken line',
      `${json()}\n${json().slice(0, 30)}\n${json()}`,
      [readAs(1), 'line 2: is not valid JSON', readAs(3)],
    ],
    [
      'what is no request',
      `[1, "a", [${json()}], ${json()}, null]`,
      [
        'line 1: got 1, must be a JSON object',
        'line 1: got "a", must be a JSON object',
        expect.stringMatching(/^line 1: got \[.*\.\.\., must be a JSON object$/),
        readAs(1),
        'line 1: got null, must be a JSON object',
      ],
    ],
    ['a comma too many', `[\n{"at": 1,},\n${json()}]`, ['line 2: is not valid JSON', readAs(3)]],
    [
      'a text that does not end',
      `[\n{"at": "2026,\n "model": "m"},\n${json()}\n]`,
      ['line 2: has a text that does not end', readAs(4)],
    ],
    [
      'an end that is missing',
      `[\n${json()},\n${json()}\n`,
      [readAs(2), readAs(3), 'line 3: is the last: the array does not end'],
    ],
    [
      'a request that is cut off',
      `[\n${json()},\n${json().slice(0, 40)}`,
      [readAs(2), 'line 3: is cut off'],
    ],
    [
      'something after it',
      `[${json()}]\n[${json()}]`,
      [readAs(1), 'line 2: is after the end of the array'],
    ],
  ])('with %s says so once', async (_what, content, expected) => {
    expect(await read(content)).toEqual(expected);
    expect(await read(content, Math.min(content.length, 1_000))).toEqual(expected);
  });

  test.each([
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed with gzip: pipe "zcat <file>"/],
    [
      'a spreadsheet',
      Buffer.from('PK\u0003\u0004'),
      /is a spreadsheet or an archive: save it as CSV/,
    ],
    [
      'other columns',
      Buffer.from('at;who\n'),
      /line 1 is neither JSON nor .* missing are caller, m/,
    ],
    [
      'lines of an old Mac',
      Buffer.from(rows(',').replaceAll('\n', '\r')),
      /line 1 has line ends of an old Mac/,
    ],
    ['a column twice', Buffer.from(`${HEADER.join(';')};at\n`), /line 1 names the column at twice/],
  ])('of %s fails', async (_what, content, said) => {
    await expect(read(content)).rejects.toThrow(said);
  });

  // A line without end, and a file that is larger than the memory: usage-file.exhaustive.ts
  test.each(['[', `[${json()},`, `${HEADER.join(';')}\n`])(
    'with a line that is too long after %j is read on after it',
    async (start) => {
      const found = await read(`${start}${'a'.repeat(3_000_000)}\n${json()}\n`, 20);
      expect(found).toContainEqual(expect.stringMatching(/is longer than 1048576 characters$/));
    },
  );
});

describe('a time', () => {
  test.each([
    ['2026-11-24T09:30:00Z', '2026-11-24T09:30:00.000Z'],
    ['2026-11-24T16:30Z', '2026-11-24T16:30:00.000Z'],
    ['2026-11-24t16:30:01.5z', '2026-11-24T16:30:01.500Z'],
    ['2026-11-24T16:30:00,123456Z', '2026-11-24T16:30:00.123Z'],
    ['2026-11-24 16:30:00+00', '2026-11-24T16:30:00.000Z'],
    ['2026-11-24 16:30:00 +0000', '2026-11-24T16:30:00.000Z'],
    ['2026-11-24T16:30:00+0000', '2026-11-24T16:30:00.000Z'],
    ['2026-11-24T16:30:00-0530', '2026-11-24T22:00:00.000Z'],
    ['2026-12-31T23:30:00-01:00', '2027-01-01T00:30:00.000Z'],
    ['20261124T163000Z', '2026-11-24T16:30:00.000Z'],
    ['20261124T1630Z', '2026-11-24T16:30:00.000Z'],
    ['20261124T163000.250+0100', '2026-11-24T15:30:00.250Z'],
    ['2028-02-29T00:00Z', '2028-02-29T00:00:00.000Z'],
  ])('may be %s', (text, expected) => {
    expect(parseTime(text)?.toISOString()).toBe(expected);
  });

  test.each([
    ...[
      '2026-11-24T09:30:00',
      '2026-11-24',
      '2026-11-24T09Z',
      '24.11.2026 09:30',
      '1764000000',
      '',
    ],
    ...['2027-02-29T00:00Z', '2026-13-01T00:00Z', '2026-11-24T24:00Z', '2026-11-24T09:60Z'],
    ...['2026-11-24T09:30:60Z', '2026-11-24T09:30Zulu', '2026-11-24T09:30+25:00', '20261124Z'],
  ])('is not %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });
});
