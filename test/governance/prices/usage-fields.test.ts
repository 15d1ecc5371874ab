import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_USAGE } from '../../../governance/prices/request-cost.js';
import { type ReadUsage, readUsage } from '../../../governance/prices/usage-fields.js';

const NONE = { ...NO_USAGE, mayBePriority: false };
/** What a request may use at most. */
const MOST = {
  ...{ promptTokens: 1000, completionTokens: 100, pages: 7, annotatedPages: 0 },
  ...{ audioSeconds: 50, characters: 0, mayBePriority: true },
};

describe('usage as Mistral reports it', () => {
  test.each<[string, unknown, Partial<ReadUsage>]>([
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
      { audioSeconds: 203, promptTokens: 4, completionTokens: 635, totalTokens: 3264 },
    ],
    ['half a second of audio', { prompt_audio_seconds: 12.5 }, { audioSeconds: 13 }],
    [
      'audio that was none',
      { prompt_tokens: 1, completion_tokens: 1, prompt_audio_seconds: {} },
      { promptTokens: 1, completionTokens: 1 },
    ],
    ['ocr', { pages_processed: 29, doc_size_bytes: null }, { pages: 29 }],
  ])('%s', (_name, fields, usage) => {
    const { promptTokens = 0, completionTokens = 0 } = usage;
    const totalTokens = promptTokens + completionTokens;
    expect(readUsage(fields, NONE)).toEqual({ ...NO_USAGE, totalTokens, ...usage });
  });

  const READ = { promptTokens: 3, completionTokens: 1, pages: 7, totalTokens: 4 };
  const CHAT = { prompt_tokens: 3, completion_tokens: 1 };
  const AUDIO = { audioSeconds: 50 };
  test.each<[string, unknown, object]>([
    ['audio as an object', { ...CHAT, prompt_audio_seconds: {} }, AUDIO],
    ['audio as text', { ...CHAT, prompt_audio_seconds: '30' }, AUDIO],
    ['audio below zero', { ...CHAT, prompt_audio_seconds: -30 }, AUDIO],
    ['audio that is true', { ...CHAT, prompt_audio_seconds: true }, AUDIO],
    ['audio in a list', { ...CHAT, prompt_audio_seconds: [30] }, AUDIO],
    ['audio without end', { ...CHAT, prompt_audio_seconds: 1e300 }, AUDIO],
    ['no audio', { ...CHAT, prompt_audio_seconds: null }, { audioSeconds: 0 }],
    [
      'audio within the total',
      { ...CHAT, total_tokens: 379, prompt_audio_seconds: 30 },
      { audioSeconds: 30, totalTokens: 379 },
    ],
    [
      'a total above its parts',
      { ...CHAT, total_tokens: 379 },
      { completionTokens: 376, totalTokens: 379 },
    ],
    ['a total below its parts', { ...CHAT, total_tokens: 2 }, {}],
    ['a total that is not readable', { ...CHAT, total_tokens: '379' }, {}],
    [
      'a prompt that is not readable',
      { ...CHAT, prompt_tokens: '3' },
      { promptTokens: 1000, totalTokens: 1001 },
    ],
    [
      'a prompt below zero',
      { ...CHAT, prompt_tokens: -1 },
      { promptTokens: 1000, totalTokens: 1001 },
    ],
    [
      'a completion of one and a half',
      { ...CHAT, completion_tokens: 1.5 },
      { completionTokens: 100, totalTokens: 103 },
    ],
    [
      'a completion without end',
      { ...CHAT, completion_tokens: 1e300 },
      { completionTokens: 100, totalTokens: 103 },
    ],
    [
      'a total alone',
      { total_tokens: 18 },
      { promptTokens: 0, completionTokens: 18, totalTokens: 18 },
    ],
    [
      'a prompt above the total',
      { prompt_tokens: 8, total_tokens: 7 },
      { promptTokens: 8, completionTokens: 100, totalTokens: 108 },
    ],
    ['pages as text', { ...CHAT, pages_processed: '3' }, {}],
    ['pages', { ...CHAT, pages_processed: 3 }, { pages: 3 }],
    ['another tier than there is', { ...CHAT, service_tier: {} }, { serviceTier: 'priority' }],
    ['the standard tier', { ...CHAT, service_tier: 'standard' }, { serviceTier: 'standard' }],
  ])('%s counts at most as the bound of that part', (_name, fields, changes) => {
    expect(readUsage(fields, MOST)).toEqual({ ...NO_USAGE, ...READ, ...changes });
  });

  test('more than the prompt costs as input where nothing is generated', () => {
    const usage = readUsage(
      { prompt_tokens: 3, total_tokens: 5 },
      { ...MOST, completionTokens: 0 },
    );
    expect(usage).toMatchObject({ promptTokens: 3, completionTokens: 2, totalTokens: 5 });
    const rest = readUsage(
      { prompt_tokens: 3, completion_tokens: 0, total_tokens: 5 },
      { ...MOST, completionTokens: 0 },
    );
    expect(rest).toMatchObject({ promptTokens: 5, completionTokens: 0, totalTokens: 5 });
  });
});

describe('fails on unreliable usage', () => {
  test.each([
    [undefined],
    [null],
    ['8'],
    [8],
    [[]],
    [{}],
    [{ usage: { prompt_tokens: 8 } }],
    [{ prompt_tokens: -1, completion_tokens: '1', total_tokens: {} }],
    [{ prompt_tokens: 9_007_199_254_740_991, completion_tokens: 1 }],
    [{ pages_processed: -3 }],
    [{ prompt_audio_seconds: Number.POSITIVE_INFINITY }],
  ])('%j', (fields) => {
    expect(readUsage(fields, MOST)).toBeUndefined();
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
      const read = readUsage(usage, MOST);
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
