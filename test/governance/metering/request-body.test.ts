import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MeteredKind } from '../../../governance/metering/endpoints.js';
import { type ParsedBody, parseRequestBody } from '../../../governance/metering/request-body.js';
import { writeRequestBody } from '../../../governance/metering/written-body.js';
import { anEndpoint } from '../../support/endpoints.js';

const CALLER = 'arn:aws:iam::111122223333:user/u';
/** Bytes are the subject here, of any fields. */
const ANY_FIELDS = true;

const MODEL_ID = 'mistral-small-2603';

function sent(
  text: string | Buffer,
  maxTokens: number | 'no limit' = 500,
  kind: MeteredKind = 'generation',
) {
  const body = parseRequestBody(Buffer.from(text), anEndpoint(kind), ANY_FIELDS);
  if (body.kind === 'problem') throw new Error(body.message);
  const limit = maxTokens === 'no limit' ? undefined : maxTokens;
  return writeRequestBody(body, MODEL_ID, limit, CALLER).bytes.toString();
}

function refused(text: string | Buffer, kind: MeteredKind = 'generation') {
  const body = parseRequestBody(Buffer.from(text), anEndpoint(kind), ANY_FIELDS);
  return body.kind === 'problem' ? body : undefined;
}

describe('bytes that need no change are sent as they came', () => {
  test.each([
    [
      'white space and big numbers',
      '{ "model" : "m",\n "metadata": [{"max": 9223372036854775807}]\t}',
    ],
    ['decimals and exponents', '{"model":"m","temperature":0.10,"top_p":1E-1,"random_seed":1e2}'],
    [
      'escapes and slashes',
      '{"model":"m","messages":[{"content":"\\u00e9\\/\\ud83d\\ude00\\ud800"}]}',
    ],
    ['text in any script', '{"model":"m","messages":[{"content":"日本語 🌍 Ünïcode\u2028"}]}'],
    ['quotes and backslashes', '{"model":"m","stop":["\\\\","\\"","\\\\\\"","{","}:,"]}'],
    ['names of the prototype', '{"__proto__":{"model":"x"},"constructor":1,"model":"m"}'],
    [
      'long strings and long names',
      `{"${'é'.repeat(5000)}":"${'x\\"'.repeat(5000)}","model":"m","${'y'.repeat(5000)}" :1}`,
    ],
    ['a string without characters of its own', '{"model":"m","stop":["\\u0000123"]}'],
    ['a replacement character', '{"model":"m","stop":"\uFFFD"}'],
    ['an empty name', '{"":{"":[]},"model":"m"}'],
  ])('%s', (_name, text) => {
    expect(sent(text)).toBe(
      text.replace(/"model"\s*:\s*"m"/, (model) =>
        model.replace('"m"', `"${MODEL_ID}","max_tokens":500`),
      ),
    );
  });

  test('nothing at all is copied where nothing changes', () => {
    const bytes = Buffer.from(`{"model":"${MODEL_ID}","max_tokens":500,"n":2}`);
    const body = parseRequestBody(bytes, anEndpoint(), ANY_FIELDS) as ParsedBody;
    expect(writeRequestBody(body, MODEL_ID, 500, CALLER).bytes).toBe(bytes);
  });

  test('a byte order mark alone is taken off', () => {
    expect(sent('\uFEFF{"model":"m"}', 'no limit')).toBe(`{"model":"${MODEL_ID}"}`);
  });
});

describe('what was checked is what is sent', () => {
  test.each([
    ['a repeated name', '{"model":"big","n":1,"model":"m"}', `{"n":1,"model":"${MODEL_ID}"}`],
    ['a name in escapes', '{"mod\\u0065l":"m"}', `{"mod\\u0065l":"${MODEL_ID}"}`],
    [
      'the same name in escapes and without',
      '{"model":"m","mod\\u0065l":"big"}',
      `{"mod\\u0065l":"${MODEL_ID}"}`,
    ],
    ['a number with another spelling', '{"model":"m","n":1.0e0}', `{"model":"${MODEL_ID}","n":1}`],
  ])('%s', (_name, text, expected) => {
    expect(sent(text, 'no limit')).toBe(expected);
  });

  test.each([
    ['absent', '{"model":"m"}', `{"model":"${MODEL_ID}","max_tokens":500}`],
    ['null', '{"max_tokens":null,"model":"m"}', `{"model":"${MODEL_ID}","max_tokens":500}`],
    ['given', '{"model":"m", "max_tokens" : 9}', `{"model":"${MODEL_ID}", "max_tokens" : 500}`],
    [
      'in escapes',
      '{"model":"m","max\\u005ftokens":9}',
      `{"model":"${MODEL_ID}","max\\u005ftokens":500}`,
    ],
    [
      'repeated',
      '{"max_tokens":1,"model":"m","max_tokens":9}',
      `{"model":"${MODEL_ID}","max_tokens":500}`,
    ],
  ])('max_tokens %s is the limit', (_name, text, expected) => {
    expect(sent(text)).toBe(expected);
  });

  test.each([
    ['content', '{"model":"m","messages":[{"content":[{"type":"image_url"}],"content":"x"}]}'],
    ['a type', '{"model":"m","messages":[{"content":[{"type":"text","t\\u0079pe":"file"}]}]}'],
    ['a tool', '{"model":"m","messages":[],"tools":[{"type":"web_search","type":"function"}]}'],
    ['__proto__', '{"model":"m","metadata":{"__proto__":{},"__proto__":1}}'],
  ])('%s that an object gives twice is refused', (_name, text) => {
    expect(refused(text)).toMatchObject({
      code: 'invalid_field',
      message: expect.stringMatching(/^(messages|tools|metadata) .* same name twice/),
    });
  });

  test.each([
    ['Latin-1', Buffer.from('{"model":"m","x":"é"}', 'latin1'), 'not valid UTF-8'],
    ['UTF-16', Buffer.from('\uFEFF{"model":"m"}', 'utf16le'), 'not valid UTF-8'],
    ['a cut character', Buffer.from('{"model":"m","x":"\u65e5"}').subarray(0, -3), 'UTF-8'],
    ['a number that is none', '{"model":"m","n":NaN}', 'not a JSON object'],
    ['129 levels', `{"model":"m","x":${'['.repeat(128)}${']'.repeat(128)}}`, 'at most 128 levels'],
    ['levels without an end', `{"model":"m","x":${'[{"a":'.repeat(1e6)}`, 'at most 128 levels'],
    ['a string without an end', `{"model":"m","x":"${'\\"'.repeat(1e6)}`, 'not a JSON object'],
  ])('%s is refused', (_name, text, message) => {
    expect(refused(text)).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(message),
    });
  });

  test('128 levels are allowed', () => {
    const text = `{"model":"${MODEL_ID}","x":${'['.repeat(127)}${']'.repeat(127)}}`;
    expect(sent(text, 'no limit')).toBe(text);
  });
});

describe("OpenAI's spelling", () => {
  test.each<[string, string, string, MeteredKind?]>([
    ['max_completion_tokens', '"max_completion_tokens":7', '"max_tokens":500'],
    ['seed', '"seed":7', '"random_seed":7'],
    ['seed: null', '"seed":null', ''],
    ['a seed that is given twice alike', '"seed":7,"random_seed":7', '"random_seed":7'],
    ['random_seed: null', '"seed":7,"random_seed":null', '"random_seed":7'],
    ['user', '"user":"u-1"', ''],
    ['safety_identifier', '"safety_identifier":"u-1"', ''],
    ['stream_options', '"stream_options":{"include_usage":true}', ''],
    ['store', '"store":true', ''],
    ['prompt_cache_retention', '"prompt_cache_retention":"24h"', ''],
    ['idle logprobs', '"logprobs":false,"top_logprobs":0', ''],
    ['an empty logit_bias', '"logit_bias":{},"functions":[]', ''],
    ['logprobs', '"logprobs":true', '"logprobs":true'],
    ['any null', '"stop":null,"tools":null,"stream":null,"new_field":null', ''],
    [
      'fields of both',
      '"parallel_tool_calls":true,"metadata":{}',
      '"parallel_tool_calls":true,"metadata":{}',
    ],
    ['dimensions', '"dimensions":8,"user":"u"', '"output_dimension":8', 'texts'],
    ['encoding_format', '"encoding_format":"base64"', '"encoding_format":"base64"', 'texts'],
    ['seed of other endpoints', '"seed":7', '"seed":7', 'ocr'],
  ])('%s', (_name, given, expected, kind = 'generation') => {
    const isLimit = expected.startsWith('"max_tokens"');
    const limit = isLimit ? 500 : 'no limit';
    for (const [before, after] of [
      ['', ',"top_p":1'],
      ['"top_p":1,', ''],
    ] as const) {
      const wrapped = (members: string) =>
        `{${before}"model":"${MODEL_ID}"${members && `,${members}`}${after}}`;
      expect(sent(wrapped(given), limit, kind)).toBe(wrapped(expected));
    }
    const first = `{${given},"model":"${MODEL_ID}"}`;
    expect(sent(first, limit, kind)).toBe(`{${expected && `${expected},`}"model":"${MODEL_ID}"}`);
  });

  test.each([
    ['"max_tokens":7,"max_completion_tokens":8', 'max_completion_tokens', 'max_tokens'],
    ['"seed":7,"random_seed":8', 'seed', 'random_seed'],
  ])('%s is refused, since they differ', (members, param, other) => {
    expect(refused(`{"model":"m",${members}}`)).toMatchObject({
      code: 'invalid_field',
      param,
      message: `${param} and ${other} mean the same and differ: give one of them`,
    });
  });

  test('a limit that is not a number is named as it was given', () => {
    expect(refused('{"model":"m","max_completion_tokens":"many"}')).toMatchObject({
      code: 'max_tokens_invalid',
      param: 'max_completion_tokens',
      message: expect.stringContaining('"many"'),
    });
  });
});

describe('the bytes that may be tokens', () => {
  const promptBytes = (text: string) =>
    (parseRequestBody(Buffer.from(text), anEndpoint(), ANY_FIELDS) as ParsedBody).promptBytes;

  test('are the same however a client writes its JSON', () => {
    const value = { model: 'm', messages: [{ role: 'user', content: '日本 🌍 C:\\users\n' }] };
    const compact = JSON.stringify(value);
    const escaped = compact.replace(/[^ -~]/g, (unit) => {
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    expect(promptBytes(compact)).toBe(Buffer.byteLength(compact));
    expect(promptBytes(JSON.stringify(value, null, 4))).toBe(Buffer.byteLength(compact));
    expect(JSON.parse(escaped)).toEqual(value);
    // At most: of a character outside of the first plane, two of six bytes are not three but two.
    expect(promptBytes(escaped)).toBe(Buffer.byteLength(compact) + 2);
  });

  test.each([
    ['in a small body', ''],
    ['beside a long text', `{"type":"text","text":"${'x'.repeat(9000)}"},`],
  ])('do not shrink by an image that only claims to be large, %s', (_name, text) => {
    const image = '{"type":"image_url","image_url":"\\u000099999"}';
    const body = `{"model":"m","messages":[{"content":[${text}${image}]}]}`;
    expect(promptBytes(body)).toBeGreaterThan(body.length - 20);
  });

  test.each([100, 4096, 4097, 4098, 100_000])(
    'have no image in the body, of %i bytes',
    (length) => {
      const parts = (data: string) => [
        { type: 'image_url', image_url: data },
        { type: 'image_url', image_url: { url: data } },
        { type: 'text', text: 'y'.repeat(5000) },
      ];
      const body = (data: string) =>
        JSON.stringify({ model: 'm', messages: [{ role: 'user', content: parts(data) }] });
      expect(promptBytes(body('A'.repeat(length)))).toBe(promptBytes(body('')));
      expect(promptBytes(body('')) - 5000).toBeLessThan(220);
    },
  );

  test('do not shrink by what is left out', () => {
    const spaces = ' '.repeat(5000);
    const long = `{"model":"m","user":[${spaces}],"messages":[{"role":"user","content":"${'x'.repeat(3000)}"}]}`;
    const body = parseRequestBody(Buffer.from(long), anEndpoint(), ANY_FIELDS) as ParsedBody;
    expect(writeRequestBody(body, MODEL_ID, 5, CALLER).promptBytes).toBeGreaterThan(3000);
  });
});

// Of what the gateway does not know, all that a client may write; of the rest, what matters to it.
const BLANK = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const UNKNOWN = ['x', 'y z', 'é', '日本', '__proto__', 'top_p', 'metadata', 'constructor', ''];
const KNOWN = {
  max_tokens: ['7', 'null'],
  max_completion_tokens: ['7', 'null'],
  seed: ['9223372036854775807', 'null'],
  random_seed: ['null'],
  user: ['"u"', '{"a":[1]}'],
  stream_options: ['{"include_usage":true}'],
  logprobs: ['false', 'true'],
  n: ['1', '2'],
} as const;

/** A text for a value, with escapes and white space that a parser takes away. */
function written(value: unknown, blank: string, spell: (text: string) => string): string {
  if (typeof value === 'string') return spell(value);
  if (Array.isArray(value)) {
    return `[${blank}${value.map((item) => written(item, blank, spell)).join(`${blank},`)}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${spell(name)}${blank}:${written(member, blank, spell)}`,
    );
    return `{${members.join(`,${blank}`)}${blank}}`;
  }
  return JSON.stringify(value);
}

const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => JSON.stringify(text),
  (text) =>
    `"${[...Array(text.length).keys()]
      .map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join('')}"`,
  (text) => JSON.stringify(text).replaceAll('/', '\\/'),
];

const VALUES = fc.oneof(
  fc
    .tuple(fc.jsonValue({ maxDepth: 4 }), BLANK, fc.constantFrom(...SPELLINGS))
    .map(([value, blank, spell]) => written(value, blank, spell)),
  fc.constantFrom(
    '1e400',
    '-0',
    `"${'long '.repeat(1000)}"`,
    `["${'ü\\\\'.repeat(3000)}"]`,
    '"\\u0000"',
    '9223372036854775807',
    '0.1000',
    '"\\ud800"',
    '"\\\\\\""',
  ),
);
const MEMBERS = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(...UNKNOWN), VALUES), { selector: ([name]) => name }),
    fc.subarray(Object.keys(KNOWN) as (keyof typeof KNOWN)[]),
    fc.nat(),
  )
  .chain(([unknown, known, pick]) =>
    fc.shuffledSubarray(
      [
        ...unknown,
        ...known.map((name) => [name, KNOWN[name][pick % KNOWN[name].length] ?? ''] as const),
        ['model', '"mistral-small-latest"'] as const,
      ],
      { minLength: unknown.length + known.length + 1 },
    ),
  );
const BODIES = fc
  .tuple(MEMBERS, fc.constantFrom(...SPELLINGS), BLANK, BLANK)
  .map(([members, spell, before, after]) => {
    const pieces = members.map(([name, value]) => ({
      name,
      value,
      text: `${spell(name)}${before}:${after}${value}`,
    }));
    return {
      pieces,
      text: `${after}{${before}${pieces.map(({ text }) => text).join(`${after},${before}`)}${after}}${before}`,
    };
  });

/** The documented changes, in terms of values. */
function asDocumented(received: Record<string, unknown>): Record<string, unknown> {
  const out = Object.assign(Object.create(null), received);
  const { seed, random_seed: randomSeed } = received;
  for (const name of ['max_completion_tokens', 'seed', 'user', 'stream_options']) delete out[name];
  if (received.logprobs === false) delete out.logprobs;
  for (const [name, value] of Object.entries(out)) if (value === null) delete out[name];
  const isSeeded = seed !== undefined && seed !== null;
  if (isSeeded && (randomSeed === undefined || randomSeed === null)) out.random_seed = seed;
  out.model = MODEL_ID;
  out.max_tokens = 500;
  return out;
}

/** With own members alone: `__proto__` is one like others. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(
    Object.entries(value)
      .map(([name, member]) => [name, plain(member)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

test('what is sent is what was received but for the documented changes, and else the same bytes', () => {
  fc.assert(
    fc.property(BODIES, ({ pieces, text }) => {
      const received = JSON.parse(text);
      const out = sent(text);
      expect(plain(JSON.parse(out))).toEqual(plain(asDocumented(received)));
      let rest = out;
      for (const { name, value, text: piece } of pieces) {
        const isTouched = name in KNOWN || name === 'model' || value === 'null';
        if (isTouched) continue;
        const at = rest.indexOf(piece);
        expect(at, `${piece} in ${out}`).toBeGreaterThanOrEqual(0);
        rest = rest.slice(at + piece.length);
      }
    }),
    { numRuns: 2000 },
  );
});

describe('members that say nothing are left out wherever they are', () => {
  const anything = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' });
  const nothing = fc.constantFrom('refusal', 'audio', 'annotations', 'x', 'é\n"');
  const chat = fc.record({
    role: fc.constantFrom('user', 'tool', 'assistant'),
    content: fc.oneof(fc.string(), fc.constant(null)),
    before: fc.uniqueArray(nothing, { maxLength: 3 }),
    after: fc.uniqueArray(nothing, { maxLength: 3 }),
    calls: fc.array(anything, { maxLength: 2 }),
    indent: fc.constantFrom(0, 1, 3),
  });

  test('and every other byte stays as it is', () => {
    fc.assert(
      fc.property(fc.array(chat, { minLength: 1, maxLength: 4 }), ([first, ...more]) => {
        const messages = [first, ...more].map((given) => {
          const { role, content, before = [], after = [], calls = [] } = given ?? {};
          const nulls = (names: readonly string[]) =>
            Object.fromEntries(names.map((name) => [name, null]));
          const call = (value: unknown) => ({ function: { name: 'f', arguments: { value } } });
          const tool_calls = role === 'assistant' ? { tool_calls: calls.map(call) } : {};
          return {
            given: { ...nulls(before), role, ...tool_calls, content, ...nulls(after) },
            kept: { role, ...tool_calls, content },
          };
        });
        const { indent = 0 } = first ?? {};
        const written = (which: 'given' | 'kept') =>
          JSON.stringify({ model: MODEL_ID, messages: messages.map((one) => one[which]) });
        const given = { model: MODEL_ID, messages: messages.map((one) => one.given) };
        expect(sent(written('given'), 'no limit')).toBe(written('kept'));
        const indented = sent(JSON.stringify(given, null, indent), 'no limit');
        expect(JSON.stringify(JSON.parse(indented))).toBe(written('kept'));
      }),
      { numRuns: 300, seed: 14 },
    );
  });

  test.each([
    ['alone', '{"role":"user", "content":"x" , "n" : null }', '{"role":"user", "content":"x" }'],
    ['first', '{ "a":null , "role":"user","content":1e2}', '{ "role":"user","content":1e2}'],
    [
      'all',
      '{"role":"user","content":[{"type":"text","text":"\\u00e9","b":null}],"a":null}',
      '{"role":"user","content":[{"type":"text","text":"\\u00e9"}]}',
    ],
  ])('%s', (_name, message, expected) => {
    const around = (one: string) => `{"model":"${MODEL_ID}","messages":[${one}]}`;
    const valid = message.replace('1e2', '"x"');
    expect(sent(around(valid), 'no limit')).toBe(around(expected.replace('1e2', '"x"')));
  });
});

describe('the name of a prompt cache is one of the caller alone', () => {
  const cacheOf = (name: unknown, caller: string, path = '/v1/chat/completions') => {
    const text = JSON.stringify({ model: MODEL_ID, prompt: 'x', prompt_cache_key: name });
    const body = parseRequestBody(Buffer.from(text), { kind: 'generation', route: path }, true);
    if (body.kind === 'problem') return body;
    const { bytes } = writeRequestBody(body, MODEL_ID, undefined, caller);
    return JSON.parse(bytes.toString()).prompt_cache_key;
  };

  test('on both endpoints that generate', () => {
    const paths = ['/v1/chat/completions', '/v1/fim/completions'];
    const names = paths.flatMap((path) => ['a', 'b'].map((caller) => cacheOf('k', caller, path)));
    expect(names[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(names).toEqual([names[0], names[1], names[0], names[1]]);
    expect(names[0]).not.toBe(names[1]);
    expect(cacheOf('other', 'a')).not.toBe(names[0]);
    expect(cacheOf(null, 'a')).toBeUndefined();
  });

  test.each([
    ['a number', 7],
    ['an object', { name: 'k' }],
    ['a list', ['k']],
    ['true', true],
    ['a long text', 'k'.repeat(257)],
    ['a text so long that it is not parsed', 'k'.repeat(5000)],
  ])('%s is refused', (_name, value) => {
    const { param, message } = cacheOf(value, 'a');
    expect(param).toBe('prompt_cache_key');
    expect(message).toContain('must be a text of at most 256 characters');
  });
});

describe('of a body of more than 4 MiB', () => {
  const SHORT_BYTES = 4_194_304;
  const chat = (content: string, after = '') =>
    Buffer.from(`{"model":"m","messages":[{"role":"user","content":"${content}"}]${after}}`);
  const parsed = (body: Buffer) => parseRequestBody(body, anEndpoint('generation'));

  test.each([
    ['an encoded file', 'A'.repeat(SHORT_BYTES + 1)],
    ['text in any script', 'é漢😀'.repeat(SHORT_BYTES / 9 + 1)],
    ['a text with lines', `${'x'.repeat(100)}\\n`.repeat(SHORT_BYTES / 100)],
    ['a text with quotes', `${'x'.repeat(100)}\\"`.repeat(SHORT_BYTES / 100)],
    ['a text with escaped characters', `${'x'.repeat(100)}\\u00e9`.repeat(SHORT_BYTES / 100)],
  ])('%s is read to its end', (_what, content) => {
    const body = chat(content, ',"n":2,"max_tokens":7');
    expect(body.length).toBeGreaterThan(SHORT_BYTES);
    const excess = 3 * (content.match(/\\u/g)?.length ?? 0);
    expect(parsed(body)).toMatchObject({
      ...{ kind: 'body', completions: 2, maxTokens: 7 },
      promptBytes: body.length - excess,
    });
  });

  test.each([
    ['white space', chat('x', ' '.repeat(SHORT_BYTES)), 'too much beside its long texts'],
    ['blanks before a value', chat('x', `,"n":${' '.repeat(SHORT_BYTES)}1`), 'too much beside'],
    ['a number', chat('x', `,"n":${'7'.repeat(SHORT_BYTES)}`), 'too much beside its long texts'],
    [
      'short texts',
      chat('x', `,"stop":["${Array(1100).fill('y'.repeat(4000)).join('","')}"]`),
      'too much beside its long texts',
    ],
    ['a name', chat('x', `,"${'y'.repeat(SHORT_BYTES)}":1`), 'too much beside its long texts'],
    ['a body that is never closed', Buffer.alloc(SHORT_BYTES + 1, '['), 'is nested too deeply'],
    ['escapes', chat('\\n'.repeat(SHORT_BYTES / 2)), 'too many escapes'],
  ])('%s are refused before they are parsed', (_what, body, reason) => {
    expect(parsed(body)).toMatchObject({
      ...{ kind: 'problem', code: 'invalid_request' },
      message: expect.stringContaining(reason),
    });
  });
});
