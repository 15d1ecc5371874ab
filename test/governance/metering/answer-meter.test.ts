import { describe, expect, test } from 'vitest';
import { AnswerMeter } from '../../../governance/metering/answer-meter.js';
import { COMPLETION, streamEvents, USAGE } from '../../support/gateway-world.js';

const MORE = { prompt_tokens: 1, completion_tokens: 9_999_999, total_tokens: 10_000_000 };
const TEXT = JSON.stringify(USAGE);
/** What a model can write: as text, and as the arguments of a tool. */
const STREAM = streamEvents([
  'A ',
  '"usage": {"total_tokens": 99}',
  ' \\"usage',
  'ü',
  '\n\n',
  'x'.repeat(100),
  `${'\\'.repeat(99)}"`,
]).join('');

function answerOf(isStream: boolean, ...chunks: readonly (Buffer | string)[]) {
  const meter = new AnswerMeter(isStream);
  for (const chunk of chunks) meter.see(Buffer.from(chunk));
  return meter.answer;
}

/** The same result, whichever byte the answer is cut at, and byte by byte. */
function everyWay(isStream: boolean, text: string) {
  const bytes = Buffer.from(text);
  const whole = answerOf(isStream, bytes);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const parts = answerOf(isStream, bytes.subarray(0, cut), bytes.subarray(cut));
    expect(parts, `cut at ${cut}`).toEqual(whole);
  }
  expect(answerOf(isStream, ...Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(whole);
  return whole;
}

describe('usage of a JSON answer', () => {
  test.each([
    ['first', `{"usage":${TEXT},"choices":[]}`],
    ['last', `{"choices":[],"usage":${TEXT}}`],
    ['spread over lines', JSON.stringify(COMPLETION, null, 2)],
    ['with tabs and CRLF', `{\r\n\t"choices" :\r\n[ ],\r\n"usage"\t:\r\n${TEXT}\r\n}\r\n`],
    ['before a null', `{"usage":${TEXT}}{"usage":null}`],
    ['after a name that begins the same', `{"usages":{"total_tokens":99},"usage":${TEXT}}`],
    ['after the value of that name', `{"object":"usage","x":["usage"],"usage":${TEXT}}`],
    ['beside a smaller one', `{"usage":{"total_tokens":1},"usage":${TEXT}}`],
    ['before a smaller one', `{"usage":${TEXT},"usage":{"total_tokens":1}}`],
    ['under an escaped name', `{"choices":[],"\\u0075sa\\u0067e":${TEXT}}`],
    [
      'beside one in the arguments of a tool',
      `{"a":{"usage":${JSON.stringify(MORE)}},"usage":${TEXT}}`,
    ],
    ['after one in a list', `{"a":[{"usage":${JSON.stringify(MORE)}}],"usage":${TEXT}}`],
    ['beside text with quotes', `{"a":"\\"usage\\":{\\"total_tokens\\":99}","usage":${TEXT}}`],
    ['beside text that ends in backslashes', `{"a":"\\\\","b":"\\\\\\"","usage":${TEXT}}`],
    ['beside long text', `{"a":["${'\\"'.repeat(60)}\\\\"],"usage":${TEXT}}`],
    ['after numbers', `{"data":[{"embedding":[-0.5,1e-7,3]},[[1,[2,"]"]],{}]],"usage":${TEXT}}`],
    ['after a byte order mark', `\ufeff{"usage":${TEXT}}`],
  ])('is found %s', (_name, text) => {
    expect(everyWay(false, text)).toMatchObject({ usage: USAGE, hasFailed: false });
  });

  test('keeps nested fields, and text with quotes and braces', () => {
    const usage = { ...USAGE, prompt_tokens_details: { cached_tokens: 64 }, note: '}"{\\' };
    expect(everyWay(false, JSON.stringify({ usage })).usage).toEqual(usage);
  });

  test('is called usage_info for OCR', () => {
    const usage_info = { pages_processed: 3, doc_size_bytes: 1000 };
    const page = { index: 0, markdown: 'x', usage_info: { pages_processed: 1000 } };
    expect(everyWay(false, JSON.stringify({ pages: [page], usage_info })).usage).toEqual(
      usage_info,
    );
  });

  test.each([
    ['no usage', '{"choices":[]}'],
    ['null', '{"usage":null}'],
    ['text', '{"usage":"{}"}'],
    ['a list', `{"usage":[${TEXT}]}`],
    ['a list at the top', `["usage",{"usage":${TEXT}}]`],
    ['an object in an object', `{"choices":[{"usage":${TEXT}}],"a":{"usage":${TEXT}}}`],
    ['nothing counted', '{"usage":{"cost":"high"}}'],
    ['negative counts', '{"usage":{"total_tokens":-1}}'],
    ['text of a model', JSON.stringify({ content: '{"usage":{"total_tokens":1}}' })],
    ['an object cut off', '{"usage":{"total_tokens":1'],
  ])('is not found in %s', (_name, text) => {
    expect(everyWay(false, text).usage).toBeUndefined();
  });

  test('is not found in an object that is too long, and nothing of it is kept', () => {
    const parts = Array.from({ length: 100 }, () => 'x'.repeat(1000));
    expect(answerOf(false, '{"usage":{"a":"', ...parts, '","total_tokens":1}}').usage).toBe(
      undefined,
    );
  });
});

describe('usage of a stream', () => {
  const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;

  test.each([
    ['as Mistral sends it', STREAM],
    ['with CRLF', STREAM.replaceAll('\n', '\r\n')],
    ['without spaces', STREAM.replaceAll('data: ', 'data:')],
    ['without [DONE]', STREAM.replace('data: [DONE]\n\n', '')],
    ['between comments and other fields', `: {"usage":\nid: 1\nretry: 5\n${STREAM}: bye {"\n\n`],
    [
      'spread over data lines',
      `${JSON.stringify(COMPLETION, null, 1).replaceAll(/^/gm, 'data: ')}\n\ndata: [DONE]\n\n`,
    ],
    ['with names of events', STREAM.replaceAll('data: {', 'event: message\ndata: {')],
  ])('is found %s', (_name, text) => {
    const { usage, hasFailed } = everyWay(true, text);
    expect([usage, hasFailed]).toEqual([USAGE, false]);
  });

  test.each([
    ['in the arguments of a tool', event({ choices: [{ delta: { arguments: { usage: MORE } } }] })],
    ['in a comment', `: {"usage":${TEXT}}\n\n`],
    ['in another field', `id: {"usage":${TEXT}}\n\n`],
    ['in an event that is cut off', `data: {"a":{\n\n${event({ b: [{ usage: MORE }] })}`],
  ])('is not found %s', (_name, text) => {
    expect(everyWay(true, text).usage).toBeUndefined();
  });

  test('an event that breaks off does not hide the usage of the next', () => {
    expect(everyWay(true, `data: {"a":["{\n\n${event({ usage: USAGE })}`).usage).toEqual(USAGE);
  });
});

describe('an error', () => {
  const failure = { object: 'error', message: 'Internal error', type: 'server_error', code: 3000 };

  test.each([
    ['of an event', true, `data: ${JSON.stringify(failure)}\n\ndata: [DONE]\n\n`],
    ['of an event named so', true, `event: error\ndata: {"message":"overloaded"}\n\n`],
    ['of an event named so, with CRLF', true, `event:error\r\ndata: {}\r\n\r\n`],
    ['in an event', true, `data: {"error":{"message":"overloaded"}}\n\n`],
    ['in text', true, `data: {"error":"overloaded"}\n\n`],
    ['of JSON', false, JSON.stringify(failure)],
    ['in detail', true, `data: {"detail":"Internal Server Error"}\n\n`],
    ['with a list of details', true, `data: {"object":"Error","detail":[{"msg":"no"}]}\n\n`],
    ['as a message', true, `data: {"message":"Rate limit exceeded","request_id":"r"}\n\n`],
    ['as a message of JSON', false, `{"request_id":"r","message":{"detail":[]}}`],
  ])('%s is seen, and is no delivered text', (_what, isStream, text) => {
    expect(everyWay(isStream, text)).toMatchObject({
      ...{ usage: undefined, hasFailed: true, deliveredTokens: 0 },
    });
  });

  test('after text leaves what was delivered', () => {
    const [opening = '', first = '', second = ''] = streamEvents(['one', 'two']);
    const delivered = everyWay(true, opening + first + second);
    const failed = everyWay(
      true,
      `${opening + first + second}data: ${JSON.stringify(failure)}\n\n`,
    );
    expect(failed).toEqual({ ...delivered, hasFailed: true });
    expect(failed.deliveredTokens).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['a model writes of', JSON.stringify({ choices: [{ object: 'error', error: 'x' }] })],
    ['in a message', JSON.stringify({ choices: [{ message: { content: 'x', detail: 'x' } }] })],
    ['that is null', '{"error":null,"object":"chat.completion","choices":["error"]}'],
  ])('%s is none', (_what, text) => {
    expect(everyWay(false, text).hasFailed).toBe(false);
    expect(everyWay(true, `data: ${text}\n\n`).hasFailed).toBe(false);
  });
});

test('a name of an event that does not end takes no memory', () => {
  const meter = new AnswerMeter(true);
  const chunk = Buffer.alloc(100_000, 'a');
  meter.see(Buffer.from('event: '));
  const before = process.memoryUsage().heapUsed;
  for (let turn = 0; turn < 1000; turn += 1) meter.see(chunk);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
  meter.see(Buffer.from('\nevent: error\ndata: {}\n\n'));
  expect(meter.answer.hasFailed).toBe(true);
});

describe('delivered tokens', () => {
  const words = streamEvents(Array.from({ length: 15 }, () => ' word'));

  test('are the same however the stream is cut', () => {
    const { deliveredTokens } = everyWay(true, words.join(''));
    // One for each byte of text, among it the role; the last event has none.
    expect(deliveredTokens).toBe('assistant'.length + 15 * ' word'.length + 1);
  });

  test.each([
    ['digits', '7'.repeat(40), 40],
    ['CJK', '鬱'.repeat(40), 120],
    ['emoji', '\u{1fae8}'.repeat(40), 160],
    ['quotes and backslashes', '"\\'.repeat(40), 160],
    ['long text', 'x'.repeat(4000), 4000],
    ['a colon after its quote', '":', 3],
    ['nothing', '', 1],
  ])('are as many as the bytes of an event with %s', (_what, content, tokens) => {
    const delta = (one: object) => ({ choices: [{ index: 0, delta: one }], p: 'x'.repeat(99) });
    const text = `data: ${JSON.stringify(delta({ content }))}\n\n`;
    expect(everyWay(true, text.repeat(3)).deliveredTokens).toBe(3 * tokens);
    // Also before its end.
    expect(everyWay(true, text.slice(0, text.indexOf(',"p"') - 4)).deliveredTokens).toBe(
      tokens === 1 ? 0 : tokens,
    );
  });

  test('are the calls of tools, too', () => {
    const call = { id: 'abc', function: { name: 'f', arguments: '{"a": 12345}' }, index: 0 };
    const text = `data: ${JSON.stringify({ choices: [{ delta: { tool_calls: [call] } }] })}\n\n`;
    expect(everyWay(true, text).deliveredTokens).toBe(3 + 1 + '{\\"a\\": 12345}'.length);
  });

  test('are zero for a stream that has not begun', () => {
    expect(answerOf(true).deliveredTokens).toBe(0);
  });
});
