import * as z from 'zod';
import { MistralUnauthorizedError } from '../platform/errors.js';
import type { ApiKey } from './api-key.js';
import type { KeyProbe } from './mistral.js';
import { InstantSchema, instantOf } from './mistral-fields.js';
import type { MistralHttp } from './mistral-http.js';

export interface KeyProber {
  /** Lists models with the key. Mistral may count that as a use of it. */
  probe(apiKey: ApiKey): Promise<KeyProbe>;
}

const ModelListSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      aliases: z.array(z.string()).nullish(),
      // A wrong one is no reason to call a key bad.
      max_context_length: z.int().positive().nullish().catch(undefined),
      deprecation: InstantSchema.nullish(),
      deprecation_replacement_model: z.string().nullish(),
    }),
  ),
});

/** `http` is that of the inference API, without its `/v1`. */
export function createKeyProber(http: MistralHttp): KeyProber {
  return {
    async probe(apiKey) {
      try {
        const { data } = await http.send(
          { method: 'GET', path: '/v1/models', answer: ModelListSchema },
          { bearer: apiKey },
        );
        const models = data.map((model) => ({
          id: model.id,
          aliases: model.aliases ?? [],
          contextTokens: model.max_context_length ?? undefined,
          deprecatedAt: instantOf(model.deprecation),
          replacement: model.deprecation_replacement_model ?? undefined,
        }));
        return { kind: 'accepted', models };
      } catch (error) {
        if (!(error instanceof MistralUnauthorizedError)) throw error;
        return { kind: 'rejected', status: error.status === 403 ? 403 : 401 };
      }
    },
  };
}
