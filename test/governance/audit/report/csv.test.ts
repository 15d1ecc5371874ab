import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv } from '../../../../governance/audit/report/csv.js';

const cellOf = (value: string) => csv(['name'], [[value]]).slice('name\r\n'.length, -2);

test('rows end in CR LF, and cells are quoted where they need to be', () => {
  expect(
    csv(
      ['a', 'b'],
      [
        ['plain', 3],
        ['with, comma', null],
        ['say "no"', -1],
        ['two\nlines', 'ünï'],
        ['semi;colon', ''],
      ],
    ),
  ).toBe(
    'a,b\r\nplain,3\r\n"with, comma",\r\n"say ""no""",-1\r\n"two\nlines",ünï\r\n"semi;colon",\r\n',
  );
});

test.each([
  ['=1+1', "'=1+1"],
  ['+cmd', "'+cmd"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', '"\'\t=1"'],
  ['\r=1', '"\'\r=1"'],
  ['\n=1', '"\'\n=1"'],
  ['  =1', "'  =1"],
  ['＝1', "'＝1"],
  ['|calc', "'|calc"],
  ['=HYPERLINK("https://evil.example","x")', '"\'=HYPERLINK(""https://evil.example"",""x"")"'],
])('a cell that a spreadsheet would take for a formula is text: %j', (value, cell) => {
  expect(cellOf(value)).toBe(cell);
});

test.each(['a=1', 'dev-team-key', 'someone@example.com', "'quoted'"])(
  'a cell that is not a formula is unchanged: %s',
  (value) => expect(cellOf(value)).toBe(value),
);

test('a reader of RFC 4180 gets any cells back, and no formula', () => {
  const text = fc.string({ unit: fc.constantFrom(...'=+-@,;"\r\n\t a1＝'), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 5 }), (rows) => {
      const read = parse(csv(['a', 'b'], rows)).slice(1);
      expect(read.map((row) => row.map((cell) => cell.replace(/^'/, '')))).toEqual(
        rows.map((row) => row.map((cell) => cell.replace(/^'/, ''))),
      );
      for (const cell of read.flat()) expect(cell).not.toMatch(/^\s*[=+\-@＝]/);
    }),
  );
});

/** As defined by RFC 4180. */
function parse(text: string): string[][] {
  const rows: string[][] = [[]];
  const pattern = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/g;
  for (const [, cell = '', end] of text.matchAll(pattern)) {
    const value = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    rows.at(-1)?.push(value);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}
