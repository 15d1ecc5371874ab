import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findField, replaceAt } from '../../../governance/keys/json-field.js';
import { keyIn, MOST_VALUE_BYTES, withKey } from '../../../governance/keys/secret-format.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';

const NAME = 'MISTRAL_API_KEY';
const OLD = 'HQSxOldKeyOfTheServiceUg6Y';
const NEW = new ApiKey('aNewKeyThatIsLonger_0123456789-Zz');

/** Every text that JSON allows, not only those that `JSON.stringify` writes. */
const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const escaped = fc.constantFrom(
  '\\u0041',
  '\\ud83d\\ude00',
  '\\"',
  '\\\\',
  '\\/',
  '\\n',
  '😀',
  'é',
  '{',
  '}',
  ',',
  ':',
);
const literal = fc
  .array(fc.oneof(escaped, fc.stringMatching(/^[a-zA-Z0-9 ]{0,4}$/)), { maxLength: 5 })
  .map((parts) => `"${parts.join('')}"`);
const number = fc.constantFrom(
  '9007199254740993',
  '-0',
  '1e400',
  '0.10',
  '123456789012345678901234567890',
);
const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    literal,
    number,
    fc.constantFrom('true', 'false', 'null', `"${OLD}"`),
    tie('object'),
    tie('array'),
  ),
  object: fc
    .array(
      fc.tuple(
        blank,
        fc.oneof(literal, fc.constant(`"${NAME}"`)),
        blank,
        blank,
        tie('value'),
        blank,
      ),
      {
        maxLength: 3,
      },
    )
    .map(
      (members) =>
        `{${members.map(([a, name, b, c, of, d]) => `${a}${name}${b}:${c}${of}${d}`).join(',')}}`,
    ),
  array: fc
    .array(fc.tuple(blank, tie('value'), blank), { maxLength: 3 })
    .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
}));
/** Fields of other names, some of them there twice. */
const member = fc
  .tuple(
    blank,
    fc.oneof(literal, fc.constantFrom('"same"', '"mistral_api_key"', '"__proto__"')),
    blank,
    blank,
    value,
    blank,
  )
  .filter(([, name]) => JSON.parse(name) !== NAME)
  .map(([a, name, b, c, of, d]) => `${a}${name}${b}:${c}${of}${d}`);
const spelling = fc.constantFrom(`"${NAME}"`, `"\\u004DISTRAL_API_KEY"`);

test('another key changes the string of its field, and no other byte of any document', () => {
  fc.assert(
    fc.property(
      fc.array(member, { maxLength: 4 }),
      fc.array(member, { maxLength: 4 }),
      spelling,
      fc.tuple(blank, blank, blank, blank, blank, blank),
      (before, after, name, [a, b, c, d, start, end]) => {
        const documentWith = (text: string) =>
          `${start}{${[...before, `${a}${name}${b}:${c}"${text}"${d}`, ...after].join(',')}}${end}`;
        const document = documentWith(OLD);
        expect(keyIn(document, { jsonField: NAME }, 's').reveal()).toBe(OLD);
        const changed = withKey(document, { jsonField: NAME }, NEW, 's');
        expect(changed).toBe(documentWith(NEW.reveal()));
        expect(withKey(changed, { jsonField: NAME }, new ApiKey(OLD), 's')).toBe(document);
      },
    ),
    { numRuns: 300 },
  );
});

describe('a field that cannot be the key', () => {
  test.each([
    ['[1]', 'it is not a JSON object'],
    ['', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['{"MISTRAL_API_KEY":"a"', 'it is not a JSON object'],
    ['{}', 'it has no field "MISTRAL_API_KEY"'],
    ['{"in":{"MISTRAL_API_KEY":"a"}}', 'it has no field "MISTRAL_API_KEY"'],
    ['{"a":"MISTRAL_API_KEY"}', 'it has no field "MISTRAL_API_KEY"'],
    ['{"MISTRAL_API_KEY":1}', 'its field "MISTRAL_API_KEY" is not a string'],
    ['{"MISTRAL_API_KEY":{"a":"b"}}', 'its field "MISTRAL_API_KEY" is not a string'],
    [
      '{"MISTRAL_API_KEY":"a","\\u004dISTRAL_API_KEY":"b"}',
      'it has field "MISTRAL_API_KEY" 2 times',
    ],
  ])('%s', (text, reason) => {
    expect(findField(text, NAME)).toEqual({ kind: 'not found', reason });
    const read = () => keyIn(text, { jsonField: NAME }, 'team/secrets');
    expect(read).toThrow(
      `secret team/secrets does not hold a key (field "MISTRAL_API_KEY" of JSON): ${reason}`,
    );
    expect(() => withKey(text, { jsonField: NAME }, NEW, 'team/secrets')).toThrow(reason);
  });
});

describe('what is not a key, or too long', () => {
  const field = { jsonField: NAME };
  test.each([
    ['plain', 'two words', 'its value is not the bare key'],
    ['plain', '{"apiKey":"a"}', 'its value is not the bare key'],
    ['plain', '', 'its value is not the bare key'],
    [field, '{"MISTRAL_API_KEY":"two words"}', 'what the field holds is not a key'],
    [field, '{"MISTRAL_API_KEY":""}', 'what the field holds is not a key'],
    [
      field,
      JSON.stringify({ [NAME]: OLD, x: 'x'.repeat(65_536) }),
      'it is longer than 65536 bytes',
    ],
  ] as const)('%j', (format, text, reason) => {
    const read = () => keyIn(text, format, 'team/secrets');
    expect(read).toThrow(reason);
    expect(read).not.toThrow(OLD);
  });

  test('a value that a longer key would make too long is refused', () => {
    const room = MOST_VALUE_BYTES - JSON.stringify({ [NAME]: OLD, x: '' }).length;
    const document = JSON.stringify({ [NAME]: OLD, x: 'x'.repeat(room) });
    expect(keyIn(document, field, 's').reveal()).toBe(OLD);
    expect(() => withKey(document, field, NEW, 's')).toThrow('would be 65543 bytes long');
  });
});

describe('a bare key', () => {
  test.each([
    ['', ''],
    ['', '\n'],
    [' ', '\r\n'],
    ['\uFEFF', ''],
  ])('keeps what is around it: %j, %j', (start, end) => {
    const text = `${start}${OLD}${end}`;
    expect(keyIn(text, 'plain', 's').reveal()).toBe(OLD);
    expect(withKey(text, 'plain', NEW, 's')).toBe(`${start}${NEW.reveal()}${end}`);
  });

  test.each([undefined, 'no key at all'])('takes the place of %j', (before) => {
    expect(withKey(before, 'plain', NEW, 's')).toBe(NEW.reveal());
  });
});

test('a first value has the field alone', () => {
  expect(withKey(undefined, { jsonField: NAME }, NEW, 's')).toBe(`{"${NAME}":"${NEW.reveal()}"}`);
});

test('a replaced string is written as JSON', () => {
  expect(replaceAt('{"a":"b"}', { start: 5, end: 8 }, '"')).toBe('{"a":"\\""}');
});
