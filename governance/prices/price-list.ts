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
  /** Empty for a model that Mistral lists without a price. */
  readonly prices: ListedPrices;
}

export interface ListedPrices {
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

const K = 1024;

/** Mistral's list prices of 2026-08-21, from `src/schema/models/models` of the source. */
export const PRICE_LIST: readonly ListedModel[] = [
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
  return { id, aliases, contextTokens: contextK && contextK * K, prices };
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
