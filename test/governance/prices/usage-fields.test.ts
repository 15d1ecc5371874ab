import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_USAGE, type Usage } from '../../../governance/prices/request-cost.js';
import { readUsage } from '../../../governance/prices/usage-fields.js';

describe('usage as Mistral reports it', () => {
  test.each<[string, unknown, Partial<Usage>]>([
    [
      'chat',
      { prompt_tokens: 8, completion_tokens: 91, total_tokens: 99 },
      { promptTokens: 8, completionTokens: 91 },
    ],
    [
      'cached tokens in the details',
      {
        prompt_tokens: 1013,
        completion_tokens: 30,
        total_tokens: 1043,
        prompt_tokens_details: { cached_tokens: 1008 },
      },
      { promptTokens: 1013, cachedTokens: 1008, completionTokens: 30 },
    ],
    [
      'cached tokens in the detail of the dollar shape',
      {
        prompt_tokens: 128,
        completion_tokens: 1,
        prompt_token_details: { cached_tokens: 64 },
        num_cached_tokens: null,
      },
      { promptTokens: 128, cachedTokens: 64, completionTokens: 1 },
    ],
    [
      'cached tokens as a field of its own, beside empty details',
      {
        prompt_tokens: 128,
        completion_tokens: 1,
        prompt_tokens_details: null,
        num_cached_tokens: 64,
      },
      { promptTokens: 128, cachedTokens: 64, completionTokens: 1 },
    ],
    [
      'more cached than there was',
      { prompt_tokens: 10, completion_tokens: 1, num_cached_tokens: 64 },
      { promptTokens: 10, cachedTokens: 10, completionTokens: 1 },
    ],
    [
      'a cached part that is not readable',
      { prompt_tokens: 10, completion_tokens: 1, num_cached_tokens: -64 },
      { promptTokens: 10, completionTokens: 1 },
    ],
    [
      'the priority tier',
      { prompt_tokens: 1, completion_tokens: 2, service_tier: 'priority' },
      { promptTokens: 1, completionTokens: 2, serviceTier: 'priority' },
    ],
    [
      'a tier without a name',
      { prompt_tokens: 1, completion_tokens: 2, service_tier: null },
      { promptTokens: 1, completionTokens: 2 },
    ],
    [
      'embeddings',
      { prompt_tokens: 15, completion_tokens: 0, total_tokens: 15, prompt_audio_seconds: null },
      { promptTokens: 15 },
    ],
    [
      'no completion but a total',
      { prompt_tokens: 15, total_tokens: 18 },
      { promptTokens: 15, completionTokens: 3 },
    ],
    [
      'transcription',
      { prompt_audio_seconds: 203, prompt_tokens: 4, completion_tokens: 635, total_tokens: 3264 },
      { audioSeconds: 203, promptTokens: 4, completionTokens: 635 },
    ],
    ['half a second of audio', { prompt_audio_seconds: 12.5 }, { audioSeconds: 13 }],
    [
      'audio that was none',
      { prompt_tokens: 1, completion_tokens: 1, prompt_audio_seconds: {} },
      { promptTokens: 1, completionTokens: 1 },
    ],
    ['ocr', { pages_processed: 29, doc_size_bytes: null }, { pages: 29 }],
  ])('%s', (_name, fields, usage) => {
    expect(readUsage(fields)).toEqual({ ...NO_USAGE, ...usage });
  });
});

describe('fails on usage that is not to be relied on', () => {
  test.each([
    [undefined],
    [null],
    ['8'],
    [8],
    [[]],
    [{}],
    [{ usage: { prompt_tokens: 8 } }],
    [{ prompt_tokens: -1, completion_tokens: 1 }],
    [{ prompt_tokens: 1.5, completion_tokens: 1 }],
    [{ prompt_tokens: '8', completion_tokens: 1 }],
    [{ prompt_tokens: 8, completion_tokens: Number.NaN }],
    [{ prompt_tokens: 1e300, completion_tokens: 1 }],
    [{ prompt_tokens: 8, total_tokens: 7 }],
    [{ pages_processed: -3 }],
    [{ prompt_audio_seconds: Number.POSITIVE_INFINITY }],
  ])('%j', (fields) => {
    expect(readUsage(fields)).toBeUndefined();
  });
});

test('every count is a whole number or missing, for any fields', () => {
  const value = fc.oneof(
    fc.anything(),
    fc.nat(),
    fc.double(),
    fc.record({ cached_tokens: fc.anything() }),
  );
  const fields = fc.record(
    {
      prompt_tokens: value,
      completion_tokens: value,
      total_tokens: value,
      prompt_tokens_details: value,
      prompt_token_details: value,
      num_cached_tokens: value,
      prompt_audio_seconds: value,
      pages_processed: value,
      service_tier: value,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fields, (usage) => {
      const read = readUsage(usage);
      if (read === undefined) return;
      const { serviceTier, ...counts } = read;
      expect(['standard', 'priority']).toContain(serviceTier);
      expect(counts.cachedTokens).toBeLessThanOrEqual(counts.promptTokens);
      for (const count of Object.values(counts)) {
        expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
      }
    }),
  );
});
