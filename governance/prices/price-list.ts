import type { IsoDate } from '../platform/utc-day.js';

/** What a unit costs in USD and, where Mistral publishes one, in EUR: a price of its own there. */
export type ListPrice = readonly [usd: string, eur?: string];

/** A model as Mistral or this list names it. */
export interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
  /** How many tokens a prompt and its completion may have together, where known. */
  readonly contextTokens: number | undefined;
}

export interface ListedModel extends NamedModel {
  /** In order of their days; empty for a model that Mistral lists without a price. */
  readonly prices: readonly ListedPrices[];
  /** Where they come from. @default the commit of Mistral's documentation */
  readonly source?: string;
}

export interface ListedPrices {
  /** The UTC day from which they hold. The first of a model's prices hold before it, too. */
  readonly from?: IsoDate;
  readonly inputPerMillionTokens?: ListPrice;
  readonly cachedPerMillionTokens?: ListPrice;
  readonly outputPerMillionTokens?: ListPrice;
  readonly perThousandPages?: ListPrice;
  readonly perThousandAnnotatedPages?: ListPrice;
  readonly perAudioMinute?: ListPrice;
  readonly perMillionCharacters?: ListPrice;
}

/** Where the prices come from, and how old they are. */
export const PRICE_LIST_SOURCE = {
  repository: 'https://github.com/mistralai/platform-docs-public',
  commit: '222f4ba9114f84ce9f2d718b9a12fbac1e527f4b',
  publishedOn: '2026-08-21',
};

/** When the models that are newer than the commit were looked up. */
export const NEWER_PRICES_OF = '2026-11-28';

const NEWER_DOCS = "Mistral's documentation, 2026-11-28";
const NEWER_LISTS = 'genai-prices 0.2.3 and LiteLLM 1.110.2, 2026-11-28';

const K = 1024;

/** Mistral's list prices of 2026-08-21, from `src/schema/models/models` of the source, and newer ones. */
export const PRICE_LIST: readonly ListedModel[] = [
  // Newer than the commit
  newer('mistral-large-4', ['mistral-large-4-0'], `${NEWER_DOCS}; ${NEWER_LISTS}`, [
    tokens('0.68', '0.07', '2.09', '2026-10-06'),
    tokens('1.36', '0.14', '4.18', '2026-10-20'),
    tokens('0.7', '0.07', '2.1', '2026-10-29'),
  ]),
  newer('zai-glm-5-3', ['zai-glm-5', 'zai-glm-latest'], NEWER_DOCS, [
    tokens('1.4', '0.14', '4.4', '2026-09-15'),
  ]),
  newer('zai-glm-5-3-flash', [], NEWER_DOCS, [tokens('0.15', '0.03', '0.5')]),
  newer('deepseek-v4-1-flash-1017', [], NEWER_DOCS, [tokens('0.3', '0.007', '1.2')]),
  newer('voxtral-mini-transcribe-3', [], NEWER_LISTS, [{ perAudioMinute: ['0.0035'] }]),
  newer('voxtral-mini-transcribe-realtime-3', [], NEWER_LISTS, [{ perAudioMinute: ['0.008'] }]),
  newer('voxtral-small-transcribe-3', [], NEWER_LISTS, [{ perAudioMinute: ['0.004'] }]),
  newer('voxtral-mini-tts-3', [], 'LiteLLM 1.110.2, 2026-11-28', [
    { perMillionCharacters: ['13'] },
  ]),

  // Served
  text('mistral-large-2512', ['mistral-large-latest'], 256, ['0.5', '0.44'], ['1.5', '1.3']),
  text(
    'mistral-medium-3-5',
    ['mistral-medium-3', 'mistral-medium-latest'],
    256,
    ['1.5', '1.25'],
    ['7.5', '6.4'],
  ),
  text('mistral-small-2603', ['mistral-small-latest'], 256, ['0.15', '0.12'], ['0.6', '0.5']),
  text('ministral-14b-2512', ['ministral-14b-latest'], 256, ['0.2', '0.18'], ['0.2', '0.18']),
  text('ministral-8b-2512', ['ministral-8b-latest'], 256, ['0.15', '0.13'], ['0.15', '0.13']),
  text('ministral-3b-2512', ['ministral-3b-latest'], 256, ['0.1', '0.088'], ['0.1', '0.088']),
  text('codestral-2508', ['codestral-latest'], 128, ['0.3', '0.26'], ['0.9', '0.79']),
  model('zai-glm-5-2', [], 1024, {
    inputPerMillionTokens: ['1.4', '1.19'],
    cachedPerMillionTokens: ['0.14', '0.119'],
    outputPerMillionTokens: ['4.4', '3.74'],
  }),
  model('voxtral-small-2507', ['voxtral-small-latest'], 32, {
    inputPerMillionTokens: ['0.1', '0.088'],
    outputPerMillionTokens: ['0.4', '0.35'],
    perAudioMinute: ['0.004', '0.0035'],
  }),
  embedding('mistral-embed-2312', ['mistral-embed'], 8, ['0.1', '0.1']),
  embedding('codestral-embed-2505', ['codestral-embed'], 8, ['0.15', '0.15']),
  embedding('mistral-moderation-2603', [], 128, ['0']),
  text('labs-leanstral-1-5', [], 256, ['0'], ['0']),
  model('shieldstral-1-0', [], 32, {}),
  pages('mistral-ocr-4-1', ['mistral-ocr-4', 'mistral-ocr-latest'], ['4', '3.5'], ['5', '4.38']),
  pages('mistral-ocr-4-0', [], ['4', '3.5'], ['5', '4.38']),
  pages('mistral-ocr-2512', [], ['2', '1.75'], ['3', '2.63']),
  audio('voxtral-mini-2602', ['voxtral-mini-latest'], ['0.003', '0.0026']),
  audio(
    'voxtral-mini-transcribe-realtime-2602',
    ['voxtral-mini-transcribe-realtime-latest'],
    ['0.006', '0.0053'],
  ),
  model('voxtral-mini-tts-2603', ['voxtral-mini-tts-latest'], undefined, {
    perMillionCharacters: ['16', '10'],
  }),

  // Deprecated, past their retirement, yet still listed with a price
  text('mistral-medium-2508', [], 128, ['0.4'], ['2']),
  text('mistral-medium-2505', [], 128, ['0.4', '0.4'], ['2', '2']),
  text('magistral-medium-2509', ['magistral-medium-latest'], 128, ['2', '1.75'], ['5', '4.38']),
  text('magistral-small-2509', ['magistral-small-latest'], 128, ['0.5', '0.44'], ['1.5', '1.31']),
  text(
    'devstral-2512',
    ['devstral-latest', 'devstral-medium-latest'],
    256,
    ['0.4', '0.35'],
    ['2', '1.75'],
  ),
  text(
    'labs-devstral-small-2512',
    ['devstral-small-latest'],
    256,
    ['0.1', '0.088'],
    ['0.3', '0.26'],
  ),
  text('open-mistral-nemo-2407', ['open-mistral-nemo'], 128, ['0.15', '0.15'], ['0.15', '0.15']),
  text('mistral-small-2506', [], 128, ['0.1', '0.1'], ['0.3', '0.3']),
  text('labs-mistral-small-creative', [], 32, ['0.1', '0.1'], ['0.3', '0.3']),
  text('mistral-large-2411', [], 128, ['2'], ['6']),
  text('pixtral-large-2411', ['pixtral-large-latest'], 128, ['2'], ['6', '5.4']),
  text('pixtral-12b-2409', [], 128, ['0.15', '0.13'], ['0.15', '0.13']),
  text('devstral-medium-2507', [], 128, ['0.4'], ['2']),
  text('devstral-small-2507', [], 128, ['0.1'], ['0.3']),
  text('ministral-8b-2410', [], 128, ['0.1'], ['0.1']),
  text('ministral-3b-2410', [], 128, ['0.04'], ['0.04']),
  embedding('mistral-moderation-2411', [], 8, ['0.1']),
  pages('mistral-ocr-2505', [], ['1'], ['3']),
  // Chat and transcription share this id, so each of its units has the higher price of the two.
  model('voxtral-mini-2507', [], 32, {
    inputPerMillionTokens: ['0.04', '0.03'],
    outputPerMillionTokens: ['0.04', '0.04'],
    perAudioMinute: ['0.002'],
  }),

  // Retired
  text('codestral-2501', [], 128, ['0.3', '0.26'], ['0.9', '0.79']),
  text('magistral-medium-2507', [], 40, ['2'], ['5']),
  text('magistral-medium-2506', [], 40, ['2'], ['5']),
  text('magistral-small-2507', [], 40, ['0.5'], ['1.5']),
  text('magistral-small-2506', [], 40, ['0.5'], ['1.5']),
  text('devstral-small-2505', [], 128, ['0.1'], ['0.3']),
  text('mistral-small-2503', [], 128, ['0.1'], ['0.3']),
  text('mistral-small-2501', [], 32, ['0.1'], ['0.3']),
  text('mistral-small-2409', [], 32, ['0.1'], ['0.3']),
  text('labs-leanstral-2603', [], 256, ['0'], ['0']),
];

function model(
  id: string,
  aliases: readonly string[],
  contextK: number | undefined,
  prices: ListedPrices,
): ListedModel {
  // The list says "256k"; the larger reading of it never rejects what Mistral accepts.
  const contextTokens = contextK && contextK * K;
  return { id, aliases, contextTokens, prices: Object.keys(prices).length > 0 ? [prices] : [] };
}

function newer(
  id: string,
  aliases: readonly string[],
  source: string,
  prices: readonly ListedPrices[],
): ListedModel {
  return { id, aliases, contextTokens: undefined, prices, source };
}

/** Per million, in USD. */
function tokens(input: string, cached: string, output: string, from?: IsoDate): ListedPrices {
  return {
    ...(from && { from }),
    inputPerMillionTokens: [input],
    cachedPerMillionTokens: [cached],
    outputPerMillionTokens: [output],
  };
}

function text(
  id: string,
  aliases: readonly string[],
  contextK: number,
  inputPerMillionTokens: ListPrice,
  outputPerMillionTokens: ListPrice,
): ListedModel {
  return model(id, aliases, contextK, { inputPerMillionTokens, outputPerMillionTokens });
}

function embedding(
  id: string,
  aliases: readonly string[],
  contextK: number,
  inputPerMillionTokens: ListPrice,
): ListedModel {
  return model(id, aliases, contextK, { inputPerMillionTokens });
}

function pages(
  id: string,
  aliases: readonly string[],
  perThousandPages: ListPrice,
  perThousandAnnotatedPages: ListPrice,
): ListedModel {
  return model(id, aliases, undefined, { perThousandPages, perThousandAnnotatedPages });
}

function audio(id: string, aliases: readonly string[], perAudioMinute: ListPrice): ListedModel {
  return model(id, aliases, undefined, { perAudioMinute });
}
