import { describe, expect, test } from 'vitest';
import type { AccessGrant } from '../../../governance/access/access.js';
import { demandOf } from '../../../governance/metering/demand.js';
import type { MeteredKind } from '../../../governance/metering/endpoints.js';
import { type ParsedBody, parseRequestBody } from '../../../governance/metering/request-body.js';
import { anEndpoint } from '../../support/endpoints.js';

const GRANT: AccessGrant = {
  kind: 'allow',
  workspace: 'w',
  role: 'r',
  caller: 'c',
  modelId: 'm',
  maxTokens: 100,
  isCapped: false,
  bounds: { imageTokens: 3100, ocrPages: 1000 },
  audioMinutes: 180,
  dailyTokens: undefined,
};

function demand(
  fields: object,
  kind: MeteredKind = 'generation',
  context: number | undefined = 8000,
) {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...fields }));
  const body = parseRequestBody(bytes, anEndpoint(kind), true) as ParsedBody;
  expect(body).toMatchObject({ kind: 'body' });
  return {
    ...demandOf(body, bytes.length, kind, GRANT, { contextTokens: () => context }),
    bytes: bytes.length,
  };
}

/** With the bytes that the gateway itself counts. */
function promptOf(fields: object, context = 100_000) {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...fields }));
  const body = parseRequestBody(bytes, anEndpoint('generation'), true) as ParsedBody;
  const models = { contextTokens: () => context };
  return demandOf(body, body.promptBytes, 'generation', GRANT, models);
}

const said = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const part = (type: string) =>
  said([
    { type: 'text', text: 'what is it?' },
    { type, [type === 'file' ? 'file_id' : type]: 'https://x' },
  ]);

test('a prompt is bounded by the bytes of its body plus the chat template', () => {
  const { promptTokens, bytes } = demand(said('日本語 text'));
  expect(promptTokens).toBe(bytes + 64);
});

test("a prompt is bounded by the model's context", () => {
  expect(demand(said('x'.repeat(10_000))).promptTokens).toBe(8000);
});

test("Mistral's own system prompt counts", () => {
  const { promptTokens, bytes } = demand({ ...said('x'), safe_prompt: true });
  expect(promptTokens).toBe(bytes + 64 + 2048);
});

test('an image counts as its most tokens, and its bytes as none', () => {
  const image = { type: 'image_url', image_url: `data:image/png;base64,${'A'.repeat(60_000)}` };
  const nested = { ...image, image_url: { url: image.image_url, detail: 'high' } };
  const text = { type: 'text', text: 'what is it?' };
  const { promptTokens } = promptOf(said([text, image, nested]));
  expect(promptTokens).toBeGreaterThan(2 * 3100);
  expect(promptTokens).toBeLessThan(2 * 3100 + 350);
});

test.each([10, 20_000])('an image of %i escapes makes nothing else cheaper', (length) => {
  const text = { type: 'text', text: 'é'.repeat(10_000) };
  const withImage = (address: string) => {
    const fields = said([text, { type: 'image_url', image_url: '?' }]);
    const body = JSON.stringify({ model: 'm', ...fields }).replace('"?"', `"${address}"`);
    const parsed = parseRequestBody(
      Buffer.from(body),
      anEndpoint('generation'),
      true,
    ) as ParsedBody;
    return parsed.promptBytes;
  };

  const plain = withImage('A'.repeat(length));

  expect(plain).toBeGreaterThan(20_000);
  expect(withImage('\\u0041'.repeat(length))).toBeGreaterThanOrEqual(plain);
});

test('images are bounded by the context, like all that is in a prompt', () => {
  const image = { type: 'image_url', image_url: 'https://x' };
  expect(promptOf(said([image, image, image]), 8000)).toMatchObject({ promptTokens: 8000 });
});

test('an image beside a document counts with it as the whole context', () => {
  const parts = [
    { type: 'image_url', image_url: 'https://x' },
    { type: 'document_url', document_url: 'https://x' },
  ];
  expect(promptOf(said(parts), 8000)).toMatchObject({ promptTokens: 8000 });
});

test.each(['document_url', 'input_audio', 'file', 'hologram'])(
  'a part of type %s counts as the whole context, and so it is settled',
  (type) => {
    expect(demand(part(type))).toMatchObject({ promptTokens: 8000 });
  },
);

test('an unknown context counts as the longest known', () => {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...part('document_url') }));
  const body = parseRequestBody(bytes, anEndpoint('generation'), true) as ParsedBody;
  const models = { contextTokens: () => undefined };
  const { promptTokens } = demandOf(body, bytes.length, 'generation', GRANT, models);
  expect(promptTokens).toBe(1_048_576);
});

test("parts of a tool's answer and of the assistant count too", () => {
  const content = [{ type: 'document_url', document_url: 'https://x' }];
  const image = [{ type: 'image_url', image_url: 'https://x' }];
  for (const role of ['tool', 'assistant', 'system']) {
    expect(demand({ messages: [{ role, content }] }).promptTokens).toBe(8000);
    const { promptTokens } = demand({ messages: [{ role, content: image }] });
    expect(promptTokens).toBeGreaterThan(3100);
  }
});

test.each([1e15, 1e300])('%s completions exceed any quota and still add up exactly', (n) => {
  const { promptTokens, completionTokens } = demand({ ...said('x'), n });
  expect(completionTokens).toBe(2 ** 52);
  expect(Number.isSafeInteger(promptTokens + completionTokens)).toBe(true);
});

test('possible audio counts as the seconds that fit into the context', () => {
  expect(demand(part('input_audio')).audioSeconds).toBe(640);
  expect(demand(part('file')).audioSeconds).toBe(640);
  expect(demand(part('image_url')).audioSeconds).toBe(0);
  expect(demand({ messages: [] }).audioSeconds).toBe(0);
});

test('the texts of a list count by their bytes, even beyond the context', () => {
  const { promptTokens, completionTokens, bytes } = demand(
    { inputs: ['x'.repeat(9000), 'y'.repeat(9000)] },
    'texts',
  );
  expect(promptTokens).toBe(bytes);
  expect(completionTokens).toBe(0);
});

describe('chats that are classified', () => {
  const picture = { type: 'image_url', image_url: 'https://x' };
  const chat = (...content: object[]) => [{ role: 'user', content }];
  const unknown = [{ role: 'user', content: 'a', new_field: 1 }];

  test.each([
    ['a chat', chat(picture), 3100],
    ['chats', [chat(picture), chat(picture)], 6200],
    ['fields that nothing here knows, each chat in a context', [unknown, unknown], 16_000],
  ])('%s', (_, input, least) => {
    const bytes = Buffer.from(JSON.stringify({ model: 'm', input }));
    const endpoint = { kind: 'texts', route: '/v1/chat/moderations' } as const;
    const body = parseRequestBody(bytes, endpoint, true) as ParsedBody;
    const models = { contextTokens: () => 8000 };
    const { promptTokens } = demandOf(body, bytes.length, 'texts', GRANT, models);
    expect(promptTokens).toBeGreaterThanOrEqual(least);
    expect(promptTokens).toBeLessThan(least + 300);
  });
});

test('what is spoken counts in characters, and its bytes in tokens, with anything else in the body', () => {
  const fields = { input: 'Grüße 👋 \u0041'.repeat(700), ref_audio: 'A'.repeat(100_000) };
  expect(demand(fields, 'speech')).toMatchObject({
    characters: fields.input.length,
    promptTokens: Buffer.byteLength(fields.input),
    completionTokens: 0,
  });
});

test.each([
  ['an image', { document: { type: 'image_url', image_url: 'https://x' } }, 1],
  ['an image that does not say so', { document: { image_url: 'https://x' } }, 1],
  ['a document that does not say so', { document: { document_url: 'https://x' } }, 1000],
  ['listed pages', { document: { type: 'document_url' }, pages: [0, 1, 7] }, 3],
  ['a range of pages', { document: { type: 'document_url' }, pages: '0-4' }, 5],
  ['ranges and pages', { document: { type: 'document_url' }, pages: ' 0-4, 7,9 - 9' }, 7],
  ['a page', { document: { type: 'document_url' }, pages: '3' }, 1],
  [
    'more pages than a document has',
    { document: { type: 'document_url' }, pages: '0-99999' },
    1000,
  ],
  ['ranges in a list', { document: { type: 'document_url' }, pages: ['0-999'] }, 1000],
  ['a range backwards', { document: { type: 'document_url' }, pages: '7-0' }, 1000],
  ['a range without an end', { document: { type: 'document_url' }, pages: '0-,5' }, 1000],
  ['all pages by a word', { document: { type: 'document_url' }, pages: 'all' }, 1000],
  ['an empty text', { document: { type: 'document_url' }, pages: '' }, 1000],
  ['half a page', { document: { type: 'document_url' }, pages: [0.5, 1] }, 1000],
  ['null', { document: { type: 'document_url' }, pages: null }, 1000],
  ['a document', { document: { type: 'document_url' } }, 1000],
  ['no pages at all', { document: { type: 'document_url' }, pages: [] }, 1000],
])('OCR of %s is bounded by pages', (_name, fields, pages) => {
  expect(demand(fields, 'ocr')).toMatchObject({ pages, promptTokens: 0, annotated: false });
});

test('OCR with annotations is marked', () => {
  const document = { type: 'document_url' };
  const fields = { document, document_annotation_format: { type: 'json_schema' } };
  expect(demand(fields, 'ocr').annotated).toBe(true);
  expect(demand({ document, bbox_annotation_format: null }, 'ocr').annotated).toBe(false);
});

test("a document's pages are bounded as the policy says, unless the request names more", () => {
  const bounds = { imageTokens: 3100, ocrPages: 30 };
  const pagesOf = (pages?: string) => {
    const bytes = Buffer.from(JSON.stringify({ model: 'm', document: { type: 'file' }, pages }));
    const body = parseRequestBody(bytes, anEndpoint('ocr'), true) as ParsedBody;
    const models = { contextTokens: () => undefined };
    return demandOf(body, bytes.length, 'ocr', { ...GRANT, bounds }, models).pages;
  };
  expect(pagesOf()).toBe(30);
  expect(pagesOf('0-4')).toBe(5);
  expect(pagesOf('0-49')).toBe(50);
});

test.each([
  ['auto', true],
  ['priority', true],
  ['a future tier', true],
  ['standard_only', false],
  [null, false],
  [undefined, false],
])('service_tier %s may be served as priority: %s', (serviceTier, priority) => {
  expect(demand({ ...said('x'), service_tier: serviceTier }).priority).toBe(priority);
});
