import { describe, expect, test } from 'vitest';
import type { PlacedProblem } from '../../../governance/policy/policy-problem.js';
import { PolicyTextError, readPolicyText } from '../../../governance/policy/policy-yaml.js';

const ONE = 'must be one, without "---" in between';
const DEEP = 'it is nested deeper than 100 levels, or an alias refers to itself: must be less deep';
const TAB = 'a tab is used for indentation: YAML takes spaces only';
const EMPTY = '1:1 the policy is empty: it needs workspaces at least';

/** `line:column message` of everything that is wrong with a text. */
function problemsOf(text: string | Buffer): readonly string[] {
  try {
    return readPolicyText(text).problems.map(inPlace);
  } catch (error) {
    if (error instanceof PolicyTextError) return error.problems.map(inPlace);
    throw error;
  }
}

function inPlace({ place, message }: PlacedProblem): string {
  return `${place?.line}:${place?.column} ${message}`;
}

describe('a file that is not one policy is refused in plain words', () => {
  test.each<[what: string, text: string, message: string]>([
    ['empty', '', EMPTY],
    ['blank', ' \n\n', EMPTY],
    ['a document without content', '---\n', EMPTY],
    ['only comments', '# one\n# two\n', '1:1 the policy has only comments'],
    ['documents', 'a: 1\n---\nb: 2\n', `2:1 it has 2 documents, the second from here on: ${ONE}`],
    ['a separator', 'a: 1\n---\n', `2:1 it has 2 documents, the second from here on: ${ONE}`],
    ['a tab', 'a:\n\tb: 2\n', `2:1 ${TAB}`],
    ['a tab before a later field', 'a: 1\n\tb: 2\n', `2:1 ${TAB}`],
    [
      'a field twice',
      'a:\n  b: 1\n  b: 2\n',
      '3:3 is there twice, first in line 2: keep one of them',
    ],
    ['a field twice in braces', 'a: { b: 1, b: 2 }\n', '1:12 is there twice, first in line 1'],
    ['a quote left open', "a: 'x", '1:4 the quote is not closed'],
    ['a brace left open', 'a: { b: 1', '1:4 the "{" is not closed: add the "}"'],
    ['two fields in a line', 'a: b: c', '1:4 a field stands in the line of another one'],
    ['a backquote', 'a: `x`', '1:4 a value begins with a character that has a meaning'],
    ['a list as a field', '? [a]\n: b\n', '1:3 the name of a field is a list'],
    ['a tag', 'a: !secret b', '1:4 a tag (a word that begins with "!") is not known'],
    ['a tag of older YAML', 'a: !!binary aGVsbG8=', '1:4 a tag (a word that begins with "!")'],
    ['a merge key', 'a: &a { b: 1 }\nc:\n  <<: *a\n', '3:3 the merge key "<<" is not part of'],
    ['an older YAML', '%YAML 1.1\n---\na: yes\n', '1:1 it begins with %YAML 1.1: remove that line'],
    ['an alias of nothing', 'a: *x', '1:4 the alias "*x" has no anchor "&x" before it'],
    ['an alias of itself', 'a: &x [*x]', DEEP],
    ['many levels', `a: ${'['.repeat(150)}${']'.repeat(150)}`, DEEP],
    ['very many levels', '['.repeat(100_000), DEEP],
    ['very many levels by lines', '- '.repeat(100_000), DEEP],
    ['a field of every object', 'roles: { __proto__: {} }', '1:10 it has a field "__proto__"'],
  ])('%s', (_what, text, message) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(message)]);
  });
});

test('aliases that make billions of values of some lines are refused at once', () => {
  const lists = Array.from({ length: 12 }, (_, i) => {
    const item = i === 0 ? 'x' : `*a${i - 1}`;
    return `a${i}: &a${i} [${Array(9).fill(item).join(', ')}]`;
  });
  expect(() => readPolicyText(lists.join('\n'))).toThrow(
    'its aliases make more than 1,000,000 values of it: must be fewer',
  );
});

test('aliases save repetition, however often', () => {
  const fields = Array.from({ length: 300 }, (_, i) => `k${i}: *readers`);
  const { document } = readPolicyText(['readers: &readers [a, b]', ...fields].join('\n'));
  expect(document).toMatchObject({ k0: ['a', 'b'], k299: ['a', 'b'] });
});

describe('a policy is in UTF-8', () => {
  test.each<[what: string, bytes: Buffer]>([
    ['as it is', Buffer.from('team: Zürich €')],
    ['with a byte order mark', Buffer.from('\uFEFFteam: Zürich €')],
    ['with the line ends of Windows', Buffer.from('team: Zürich €\r\n')],
    ['with the line ends of an old Mac', Buffer.from('# a\rteam: Zürich €\r')],
  ])('%s', (_what, bytes) => {
    expect(readPolicyText(bytes).document).toEqual({ team: 'Zürich €' });
  });

  test.each<[encoding: string, bytes: Buffer, message: string]>([
    ['UTF-16 LE', Buffer.from('\uFEFFteam: a', 'utf16le'), 'its encoding is UTF-16, must be UTF-8'],
    [
      'UTF-16 BE',
      Buffer.from('\uFEFFteam: a', 'utf16le').swap16(),
      'its encoding is UTF-16, must be UTF-8',
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('team: a', 'utf16le'),
      'its encoding is UTF-16 or UTF-32, must be UTF-8',
    ],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 'its encoding is UTF-32'],
    [
      'Latin-1',
      Buffer.from('a: 1\nteam: Zürich\n', 'latin1'),
      'its encoding is not UTF-8, perhaps Latin-1 or Windows-1252 (line 2): save it as UTF-8',
    ],
  ])('and not in %s', (_encoding, bytes, message) => {
    expect(() => readPolicyText(bytes)).toThrow(message);
  });
});

test('what looks like a date or a number of another dialect stays text', () => {
  expect(readPolicyText('a: 2026-01-01\nb: 1,000\nc: 1_000\nd: yes\n1: e').document).toEqual({
    a: '2026-01-01',
    b: '1,000',
    c: '1_000',
    d: 'yes',
    1: 'e',
  });
});

// Each compared with all before it, they would take minutes.
test('among a hundred thousand fields, one that is there twice is found', () => {
  const text = Array.from({ length: 100_000 }, (_, i) => `field-${i}: 1\n`).join('');
  expect(problemsOf(`${text}field-7: 2\n`)).toEqual([
    '100001:1 is there twice, first in line 8: keep one of them',
  ]);
});

test('of a mistake that makes mistakes of what follows, the first alone is reported', () => {
  expect(problemsOf('a: [1, 2\nb: 3\nc: { d: 4\ne: 5\n')).toHaveLength(1);
  expect(problemsOf('a:\n\tb: `x`\n\tc: 1\n')).toEqual([`2:1 ${TAB}`, `3:1 ${TAB}`]);
});

test('JSON may be indented by tabs', () => {
  expect(readPolicyText('{\n\t"a": 1,\n\t"b": [2]\n}\n').document).toEqual({ a: 1, b: [2] });
  expect(problemsOf('{\n\t"a": 1\n\t"b": 2\n}\n')).toEqual([
    expect.stringContaining('2:7 a "," is missing after it'),
  ]);
});
