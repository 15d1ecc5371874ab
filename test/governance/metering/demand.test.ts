import { expect, test } from 'vitest';
import type { AccessGrant } from '../../../governance/access/access.js';
import { demandOf } from '../../../governance/metering/demand.js';
import type { EndpointKind } from '../../../governance/metering/endpoints.js';
import { parseRequestBody, type RequestBody } from '../../../governance/metering/request-body.js';

const GRANT: AccessGrant = {
  kind: 'allow',
  workspace: 'w',
  role: 'r',
  modelId: 'm',
  maxTokens: 100,
  dailyTokens: undefined,
};

function demand(
  fields: object,
  kind: EndpointKind = 'generation',
  context: number | undefined = 8000,
) {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...fields }));
  const body = parseRequestBody(bytes, kind) as RequestBody;
  expect(body).toMatchObject({ kind: 'body' });
  return {
    ...demandOf(body, bytes.length, kind, GRANT, { contextTokens: () => context }),
    bytes: bytes.length,
  };
}

const said = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const part = (type: string) =>
  said([
    { type: 'text', text: 'what is it?' },
    { type, [type]: 'https://x' },
  ]);

test('a prompt is bounded by the bytes of its body plus the chat template', () => {
  const { promptTokens, bytes, likelyPromptTokens } = demand(said('日本語 text'));
  expect(promptTokens).toBe(bytes + 64);
  expect(likelyPromptTokens).toBe(Math.ceil(bytes / 3));
});

test("a prompt is bounded by the model's context", () => {
  expect(demand(said('x'.repeat(10_000))).promptTokens).toBe(8000);
});

test("Mistral's own system prompt counts", () => {
  const { promptTokens, bytes } = demand({ ...said('x'), safe_prompt: true });
  expect(promptTokens).toBe(bytes + 64 + 2048);
});

test.each(['image_url', 'document_url', 'input_audio', 'file', 'hologram'])(
  'a part of type %s counts as the whole context, and so it is settled',
  (type) => {
    expect(demand(part(type))).toMatchObject({ promptTokens: 8000, likelyPromptTokens: 8000 });
  },
);

test('an unknown context counts as the longest known', () => {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', ...part('image_url') }));
  const body = parseRequestBody(bytes, 'generation') as RequestBody;
  const models = { contextTokens: () => undefined };
  const { promptTokens } = demandOf(body, bytes.length, 'generation', GRANT, models);
  expect(promptTokens).toBe(1_048_576);
});

test("parts of a tool's answer and of the assistant count too", () => {
  const content = [{ type: 'image_url', image_url: 'https://x' }];
  for (const role of ['tool', 'assistant', 'system']) {
    expect(demand({ messages: [{ role, content }] }).promptTokens).toBe(8000);
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

test.each([
  ['an image', { document: { type: 'image_url', image_url: 'https://x' } }, 1],
  ['listed pages', { document: { type: 'document_url' }, pages: [0, 1, 7] }, 3],
  ['a range of pages', { document: { type: 'document_url' }, pages: '0-5' }, 1000],
  ['ranges in a list', { document: { type: 'document_url' }, pages: ['0-999'] }, 1000],
  ['a document', { document: { type: 'document_url' } }, 1000],
  ['no pages at all', { document: { type: 'document_url' }, pages: [] }, 1000],
])('OCR of %s is bounded by pages', (_name, fields, pages) => {
  expect(demand(fields, 'ocr')).toMatchObject({ pages, promptTokens: 0, annotated: false });
});

test('OCR with annotations is marked', () => {
  const fields = { document: {}, document_annotation_format: { type: 'json_schema' } };
  expect(demand(fields, 'ocr').annotated).toBe(true);
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
