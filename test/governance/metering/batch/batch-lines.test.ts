import { describe, expect, test } from 'vitest';
import { KnownIds } from '../../../../governance/metering/batch/known-ids.js';
import { aBody, aLine, LINE_BYTES, scan } from './batch-lines.js';

const SMALL = { inNanos: 150, outNanos: 600 }; // a token, in nano-dollars

test('a job is bounded by the sum of its lines, at half the price', () => {
  const lines = [aLine(aBody(), '1'), aLine(aBody({ max_tokens: 20 }), '2')];
  const bounds = scan([lines.join('\n')]);
  const body = (more: object) => Buffer.byteLength(JSON.stringify(aBody(more))) + 64;
  const line = (prompt: number, completion: number) => ({
    tokens: prompt + completion,
    cost: (prompt * SMALL.inNanos + completion * SMALL.outNanos) / 2,
  });
  const [one, other] = [line(body({}), 10), line(body({ max_tokens: 20 }), 20)] as const;
  expect(bounds).toMatchObject({
    lines: 2,
    tokens: one.tokens + other.tokens,
    cost: one.cost + other.cost,
    ofLine: other,
    most: { completionTokens: 20, promptTokens: body({ max_tokens: 20 }) },
  });
});

const BOM = '\uFEFF';

describe('accepts', () => {
  const two = `${aLine(aBody(), '1')}\n${aLine(aBody(), '2')}`;
  test.each([
    ['a newline at the end', `${two}\n`],
    ['none at the end', two],
    ['CRLF', two.replace('\n', '\r\n')],
    ['blank lines', `\n${two}\n \t\r\n\n`],
    ['a byte order mark', BOM + two],
    ['lines without custom_id', `${aLine(aBody(), null)}\n${JSON.stringify({ body: aBody() })}`],
    [
      'the job’s model in each line',
      two.replaceAll('"max_tokens"', '"model":"mistral-small-2603","max_tokens"'),
    ],
    [
      'method and url, as in files for OpenAI',
      two.replaceAll('{"custom_id"', '{"method":"POST","url":"/v1/chat/completions","custom_id"'),
    ],
    ['text of any script', two.replaceAll('cheese', '日本語 🧀')],
    ['a line separator that is escaped', two.replaceAll('cheese', '\\u2028')],
    [
      'images',
      aLine(
        aBody({
          messages: [
            { role: 'user', content: [{ type: 'image_url', image_url: 'https://x/y.png' }] },
          ],
        }),
      ) +
        '\n' +
        aLine(aBody(), 'b'),
    ],
  ])('%s', (_name, file) => {
    for (const chunkBytes of [1, 7, 1 << 16]) {
      expect(scan([file], { chunkBytes })).toMatchObject({ lines: 2 });
    }
  });

  test('texts without max_tokens, which generate nothing', () => {
    const file = aLine({ input: ['a', 'b'] });
    const found = scan([file], { path: '/v1/embeddings', modelId: 'mistral-embed-2312' });
    expect(found).toMatchObject({ code: 'model_not_allowed' }); // the role has no such model
    expect(scan([aLine({ input: 'a' })], { path: '/v1/moderations' })).toMatchObject({ lines: 1 });
  });

  test('the same custom_id in another job', () => {
    expect(scan([aLine()])).toMatchObject({ lines: 1 });
    expect(scan([aLine()])).toMatchObject({ lines: 1 });
  });
});

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const smuggled = '{"body":{"max_tokens":2000,"messages":[]}}';

/** Files that must be refused, and a part of the reason. */
const HOSTILE: readonly (readonly [string, string | Buffer, string])[] = [
  ['nothing', '', 'no lines'],
  ['blank lines alone', '\n\n \n', 'no lines'],
  [
    'a line of more than is allowed',
    aLine(aBody({ messages: 'x'.repeat(LINE_BYTES) })),
    'longer than',
  ],
  ['the same without an end', `{"body":{"x":"${'x'.repeat(3 * LINE_BYTES)}`, 'longer than'],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'UTF-8'],
  ['UTF-8 cut off', Buffer.from(aLine(aBody(), 'é')).subarray(0, 15), 'UTF-8'],
  [
    'a surrogate in UTF-8',
    Buffer.concat([
      Buffer.from('{"custom_id":"'),
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from('"}'),
    ]),
    'UTF-8',
  ],
  ['UTF-16', Buffer.from(aLine(), 'utf16le'), 'JSON'],
  ['zero bytes', Buffer.alloc(100), 'JSON'],
  ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 'UTF-8'],
  ['a byte order mark within', `${aLine()}\n\uFEFF${aLine(aBody(), 'b')}`, 'JSON'],
  ['two byte order marks', `\uFEFF\uFEFF${aLine()}`, 'JSON'],
  ['no JSON', 'hello', 'JSON'],
  ['a list', `[${aLine()}]`, 'JSON object'],
  ['a list of all lines', `[${aLine()},${aLine(aBody(), 'b')}]`, 'JSON object'],
  ['a number', '42', 'JSON object'],
  ['null', 'null', 'JSON object'],
  ['a text', '"body"', 'JSON object'],
  ['two objects in a line', aLine() + aLine(aBody(), 'b'), 'JSON object'],
  ['an object over several lines', JSON.stringify(JSON.parse(aLine()), null, 2), 'JSON object'],
  ['a comma after the object', `${aLine()},`, 'JSON object'],
  ['single quotes', aLine().replaceAll('"', "'"), 'JSON object'],
  ['NaN', aLine().replace('10', 'NaN'), 'JSON object'],
  ['nested too deeply', `{"custom_id":"a","body":{"messages":${deep(200)}}}`, 'nested'],
  ['nested a million deep', `{"custom_id":"a","body":{"messages":${deep(100_000)}}}`, 'nested'],
  ['too many values', aLine(aBody({ stop: Array(50_000).fill('x') })), 'too many values'],
  ['body twice', `{"body":${JSON.stringify(aBody())},"body":${JSON.stringify(aBody())}}`, 'twice'],
  [
    'body twice, once escaped',
    `{"body":${JSON.stringify(aBody())},"b\\u006fdy":${JSON.stringify(aBody())}}`,
    'twice',
  ],
  [
    'custom_id twice',
    `{"custom_id":"a","custom_id":"b","body":${JSON.stringify(aBody())}}`,
    'twice',
  ],
  [
    'max_tokens twice',
    aLine().replace('"max_tokens":10', '"max_tokens":10,"max_tokens":20'),
    'twice',
  ],
  [
    'max_tokens twice, once escaped',
    aLine().replace('"max_tokens":10', '"max_tokens":10,"max\\u005ftokens":20'),
    'twice',
  ],
  ['content twice', aLine().replace('"content"', '"content":"y","content"'), 'twice'],
  ['no body', '{"custom_id":"a"}', 'no body'],
  ['a body that is null', aLine(null), 'no body'],
  ['a body that is a list', aLine([aBody()]), 'no body'],
  ['a body that is a text', aLine(JSON.stringify(aBody())), 'no body'],
  ['a body that is a number', aLine(1), 'no body'],
  ['the body itself', JSON.stringify(aBody()), 'allowed is custom_id and body'],
  [
    '__proto__',
    `{"__proto__":{"body":{}},"body":${JSON.stringify(aBody())}}`,
    'allowed is custom_id and body',
  ],
  [
    'a member that is unknown',
    aLine(aBody(), 'a', { priority: 'high' }),
    'allowed is custom_id and body',
  ],
  [
    'another endpoint',
    aLine(aBody(), 'a', { url: '/v1/ocr' }),
    'allowed is "/v1/chat/completions"',
  ],
  [
    'another host',
    aLine(aBody(), 'a', { url: 'https://evil/v1/chat/completions' }),
    'allowed is "/v1',
  ],
  ['another method', aLine(aBody(), 'a', { method: 'DELETE' }), 'allowed is "POST"'],
  ['a custom_id that is a number', aLine(aBody(), 7), 'custom_id'],
  ['a custom_id that is an object', aLine(aBody(), {}), 'custom_id'],
  ['a custom_id that is a list', aLine(aBody(), ['a']), 'custom_id'],
  ['a custom_id that is empty', aLine(aBody(), ''), 'custom_id'],
  ['a long custom_id', aLine(aBody(), 'x'.repeat(1025)), 'custom_id'],
  ['a very long custom_id', aLine(aBody(), 'x'.repeat(5000)), 'custom_id'],
  [
    'a custom_id twice',
    `${aLine()}\n${aLine()}`,
    'line 2 of input_files[0]: has a custom_id that an earlier line has',
  ],
  [
    'a custom_id twice, once escaped',
    `${aLine()}\n${aLine().replace('"a"', '"\\u0061"')}`,
    'earlier line',
  ],
  ['another model', aLine(aBody({ model: 'mistral-large-2512' })), 'leave it out'],
  [
    'an alias of the model',
    aLine(aBody({ model: 'mistral-small-latest' })),
    'write "mistral-small-2603"',
  ],
  ['a model that is unknown', aLine(aBody({ model: 'x' })), 'leave it out'],
  ['a model that is null', aLine(aBody({ model: null })), 'must be the name of a model'],
  [
    'a model that is a list',
    aLine(aBody({ model: ['mistral-small-2603'] })),
    'must be the name of a model',
  ],
  ['no max_tokens', aLine({ messages: [] }), 'max_tokens is missing'],
  ['max_tokens that is null', aLine(aBody({ max_tokens: null })), 'max_tokens is missing'],
  ['max_tokens above the role’s', aLine(aBody({ max_tokens: 2001 })), 'max_tokens 2001 is above'],
  ['max_tokens below one', aLine(aBody({ max_tokens: 0 })), 'max_tokens 0'],
  ['max_tokens that is a text', aLine(aBody({ max_tokens: '10' })), 'max_tokens "10"'],
  ['max_tokens with a fraction', aLine(aBody({ max_tokens: 1.5 })), 'max_tokens 1.5'],
  ['max_tokens in another notation', aLine().replace('10', '1e1'), 'not written plainly'],
  ['max_tokens that overflow', aLine().replace('10', '1e999'), 'max_tokens'],
  [
    'OpenAI’s max_completion_tokens',
    aLine({ messages: [], max_completion_tokens: 10 }),
    'write "max_tokens"',
  ],
  ['OpenAI’s user', aLine(aBody({ user: 'x' })), '"user" is not read by Mistral: leave it out'],
  ['stream_options', aLine(aBody({ stream_options: {} })), '"stream_options" is not read'],
  ['a stream', aLine(aBody({ stream: true })), 'does not stream'],
  ['the priority tier', aLine(aBody({ service_tier: 'auto' })), 'service_tier'],
  ['a cache of others', aLine(aBody({ prompt_cache_key: 'others' })), 'prompt_cache_key'],
  ['a field that is null', aLine(aBody({ temperature: null })), '"temperature" is null'],
  [
    'a null within',
    aLine(aBody({ tools: [{ type: null, function: { name: 'f', parameters: {} } }] })),
    'null',
  ],
  ['an agent', aLine(aBody({ agent_id: 'ag' })), 'agent'],
  ['guardrails', aLine(aBody({ guardrails: [{ block: true }] })), 'guardrails'],
  ['a field that is unknown', aLine(aBody({ cheat: 1 })), 'not a field'],
  ['no completions', aLine(aBody({ n: 0 })), 'n must be'],
  ['completions as a text', aLine(aBody({ n: '2' })), 'n must be'],
  ['a tool that runs at Mistral', aLine(aBody({ tools: [{ type: 'web_search' }] })), 'web_search'],
  [
    'a file of another caller',
    aLine(aBody({ messages: [{ role: 'user', content: [{ type: 'file', file_id: 'x' }] }] })),
    'file_id',
  ],
  [
    'a request behind U+2028',
    aLine(aBody({ messages: [{ role: 'user', content: `\u2028${smuggled}\u2028` }] })),
    'line end within',
  ],
  [
    'a request behind U+2029',
    aLine(aBody({ messages: [{ role: 'user', content: `\u2029${smuggled}\u2029` }] })),
    'line end within',
  ],
  [
    'a request behind U+0085',
    aLine(aBody({ messages: [{ role: 'user', content: `\u0085${smuggled}\u0085` }] })),
    'line end within',
  ],
  [
    'a request behind carriage returns',
    aLine(
      aBody({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }),
    ).replace('"parameters":{}', `"parameters":\r${smuggled}\r`),
    'line end within',
  ],
  ['a control character in a text', aLine().replace('cheese', '\u000b'), 'JSON object'],
];

test.each(HOSTILE)('refuses %s', (_name, file, reason) => {
  for (const chunkBytes of [1 << 16, 1013]) {
    const found = scan([file], { chunkBytes });
    expect(found).toMatchObject({ kind: 'problem', message: expect.stringContaining(reason) });
  }
});

test('a file of documents of others is refused by OCR, too', () => {
  const document = { type: 'file', file_id: 'x' };
  const found = scan([aLine({ document })], { path: '/v1/ocr' });
  expect(found).toMatchObject({
    message: expect.stringContaining('give a URL instead of file_id'),
  });
});

test('the first five bad lines are named, with the file that they are in', () => {
  const good = (id: number) => aLine(aBody(), `good ${id}`);
  const bad = (id: number) => aLine(aBody({ max_tokens: 9000 + id }), `bad ${id}`);
  const found = scan([
    [good(1), bad(1), '', good(2), bad(2)].join('\n'),
    Array.from({ length: 10 }, (_, at) => bad(3 + at)).join('\n'),
  ]);
  const { message, code } = found as { message: string; code: string };
  expect(code).toBe('max_tokens_exceeded');
  expect(message.match(/line \d+ of input_files\[\d\]/g)).toEqual([
    'line 2 of input_files[0]',
    'line 5 of input_files[0]',
    'line 1 of input_files[1]',
    'line 2 of input_files[1]',
    'line 3 of input_files[1]',
  ]);
  expect(message).toMatch(/later lines were not checked$/);
});

test('more blank lines than a job may have lines are too many', () => {
  const found = scan(['\n'.repeat(2_000_001)]);
  expect(found).toMatchObject({
    code: 'body_too_large',
    message: expect.stringContaining('split it'),
  });
});

test('ids are known again, however many there are', () => {
  const ids = new KnownIds(7);
  for (let at = 0; at < 50_000; at += 1) expect(ids.add(`request-${at}`)).toBe(true);
  for (let at = 0; at < 50_000; at += 7) expect(ids.add(`request-${at}`)).toBe(false);
});
