import * as z from 'zod';
import { MistralUnauthorizedError } from '../platform/errors.js';
import type { ApiKey } from './api-key.js';
import type { KeyProbe, MistralModel } from './mistral.js';
import { InstantSchema, instantOf } from './mistral-fields.js';
import type { MistralHttp } from './mistral-http.js';

export interface KeyProber {
  /** Lists models with the key. Mistral may count that as a use of it. */
  probe(apiKey: ApiKey): Promise<KeyProbe>;
}

const ModelCardSchema = z.looseObject({
  id: z.string().min(1),
  aliases: z.array(z.string()).nullish(),
  // A wrong one is no reason to call a key bad.
  max_context_length: z.int().positive().nullish().catch(undefined),
  deprecation: InstantSchema.nullish(),
  deprecation_replacement_model: z.string().nullish(),
});

/** A model as Mistral describes it, including fields that only clients read. */
export type ModelCard = z.infer<typeof ModelCardSchema>;

const ModelListSchema = z.object({ data: z.array(ModelCardSchema) });

/** Lists models with a key. `http` is that of the inference API, without its `/v1`. */
export function createModelLister(http: MistralHttp) {
  return async (apiKey: ApiKey): Promise<readonly ModelCard[]> => {
    const request = { method: 'GET', path: '/v1/models', answer: ModelListSchema } as const;
    const cards = (await http.send(request, { bearer: apiKey })).data;
    // The gateway's callers get all fields of a card, and no echo of what it sent.
    return cards.filter((card) => !JSON.stringify(card).includes(apiKey.reveal()));
  };
}

export function modelOf(card: ModelCard): MistralModel {
  return {
    id: card.id,
    aliases: card.aliases ?? [],
    contextTokens: card.max_context_length ?? undefined,
    deprecatedAt: instantOf(card.deprecation),
    replacement: card.deprecation_replacement_model ?? undefined,
  };
}

export function createKeyProber(http: MistralHttp): KeyProber {
  const listModels = createModelLister(http);
  return {
    async probe(apiKey) {
      try {
        return { kind: 'accepted', models: (await listModels(apiKey)).map(modelOf) };
      } catch (error) {
        if (!(error instanceof MistralUnauthorizedError)) throw error;
        return { kind: 'rejected', status: error.status === 403 ? 403 : 401 };
      }
    },
  };
}
