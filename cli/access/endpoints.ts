import { type Endpoint, endpointOf } from '../../governance/metering/endpoints.js';

/** What people call the gateway's endpoints. */
export const ENDPOINT_PATHS = {
  chat: '/v1/chat/completions',
  fim: '/v1/fim/completions',
  embeddings: '/v1/embeddings',
  moderations: '/v1/moderations',
  ocr: '/v1/ocr',
} as const;

export type EndpointName = keyof typeof ENDPOINT_PATHS;

export const ENDPOINT_NAMES = Object.keys(ENDPOINT_PATHS) as readonly EndpointName[];

/** The endpoint as the gateway finds it. */
export function endpointNamed(name: EndpointName): Endpoint {
  const endpoint = endpointOf('POST', ENDPOINT_PATHS[name]);
  if (endpoint.kind === 'problem') throw new Error(endpoint.message);
  return endpoint;
}

const BODIES: Readonly<Record<EndpointName, Record<string, unknown>>> = {
  chat: { messages: [{ role: 'user', content: '' }] },
  fim: { prompt: '' },
  embeddings: { input: '' },
  moderations: { input: '' },
  ocr: { document: { type: 'image_url', image_url: '' } },
};

/** The smallest request for a model, as a client would send it. */
export function requestBody(
  name: EndpointName,
  model: string,
  maxTokens: number | undefined,
): Buffer {
  return Buffer.from(JSON.stringify({ model, max_tokens: maxTokens, ...BODIES[name] }));
}
