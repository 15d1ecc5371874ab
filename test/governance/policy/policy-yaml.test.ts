import { describe, expect, test } from 'vitest';
import { parsePolicyYaml } from '../../../governance/policy/policy-yaml.js';

const ONE = 'must be one, without "---" in between';
const DEEP = 'it is nested deeper than 100 levels, or an alias refers to itself: must be less deep';
const TAB = 'a tab is used for indentation, must be spaces';

describe('a file that is not one policy is refused in plain words', () => {
  test.each<[what: string, text: string, message: string]>([
    ['empty', '', 'it is empty: must be a policy'],
    ['blank', ' \n\n', 'it is empty: must be a policy'],
    ['a document without content', '---\n', 'it is empty: must be a policy'],
    ['only comments', '# one\n# two\n', 'it has only comments: must be a policy'],
    ['documents', 'a: 1\n---\nb: 2\n', `it has 2 documents, the second from line 2 on: ${ONE}`],
    ['a separator', 'a: 1\n---\n', `it has 2 documents, the second from line 2 on: ${ONE}`],
    ['a tab', 'a:\n\tb: 2\n', `line 2: ${TAB}`],
    ['a tab before a later field', 'a: 1\n\tb: 2\n', `line 2: ${TAB}`],
    ['a field twice', 'a:\n  b: 1\n  b: 2\n', 'line 3: the field "b" is there twice'],
    ['a field twice in braces', 'a: { b: 1, b: 2 }\n', 'line 1: the field "b" is there twice'],
    ['a quote left open', "a: 'x", 'line 1: a quote, bracket, brace, comma or space is missing'],
    ['a brace left open', 'a: { b: 1', 'or a bracket or brace there is not closed'],
    ['two fields in a line', 'a: b: c', 'line 1: a field stands in the line of another one'],
    ['a backquote', 'a: `x`', 'line 1: a value begins with a character that has a meaning'],
    ['a list as a field', '? [a]\n: b\n', 'line 1: the name of a field is a list'],
    ['a tag', 'a: !secret b', 'line 1: a tag (a word that begins with "!") is not known'],
    ['a tag of older YAML', 'a: !!binary aGVsbG8=', 'line 1: a tag (a word that begins with "!")'],
    ['a merge key', 'a: &a { b: 1 }\nc:\n  <<: *a\n', 'line 3: the merge key "<<" is not part of'],
    ['an older YAML', '%YAML 1.1\n---\na: yes\n', 'it begins with %YAML 1.1: remove that line'],
    ['an alias of nothing', 'a: *x', 'line 1: the alias "*x" has no anchor "&x" before it'],
    ['an alias of itself', 'a: &x [*x]', DEEP],
    ['many levels', `a: ${'['.repeat(150)}${']'.repeat(150)}`, DEEP],
    ['very many levels', '['.repeat(100_000), DEEP],
    ['very many levels by lines', '- '.repeat(100_000), DEEP],
    ['a field of every object', 'roles: { __proto__: {} }', 'it has a field "__proto__"'],
  ])('%s', (_what, text, message) => {
    expect(() => parsePolicyYaml(text)).toThrow(
      expect.objectContaining({
        name: 'PolicyTextError',
        message: expect.stringContaining(message),
      }),
    );
  });
});

test('aliases that make billions of values of some lines are refused at once', () => {
  const lists = Array.from({ length: 12 }, (_, i) => {
    const item = i === 0 ? 'x' : `*a${i - 1}`;
    return `a${i}: &a${i} [${Array(9).fill(item).join(', ')}]`;
  });
  expect(() => parsePolicyYaml(lists.join('\n'))).toThrow(
    'its aliases make more than 1,000,000 values of it: must be fewer',
  );
});

test('aliases save repetition, however often', () => {
  const fields = Array.from({ length: 300 }, (_, i) => `k${i}: *readers`);
  const value = parsePolicyYaml(['readers: &readers [a, b]', ...fields].join('\n'));
  expect(value).toMatchObject({ k0: ['a', 'b'], k299: ['a', 'b'] });
});

describe('a policy is in UTF-8', () => {
  test.each<[what: string, bytes: Buffer]>([
    ['as it is', Buffer.from('team: Zürich €')],
    ['with a byte order mark', Buffer.from('\uFEFFteam: Zürich €')],
    ['with the line ends of Windows', Buffer.from('team: Zürich €\r\n')],
    ['with the line ends of an old Mac', Buffer.from('# a\rteam: Zürich €\r')],
  ])('%s', (_what, bytes) => {
    expect(parsePolicyYaml(bytes)).toEqual({ team: 'Zürich €' });
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
    expect(() => parsePolicyYaml(bytes)).toThrow(message);
  });
});

test('what looks like a date or a number of another dialect stays text', () => {
  expect(parsePolicyYaml('a: 2026-01-01\nb: 1,000\nc: 1_000\nd: yes\n1: e')).toEqual({
    a: '2026-01-01',
    b: '1,000',
    c: '1_000',
    d: 'yes',
    1: 'e',
  });
});
