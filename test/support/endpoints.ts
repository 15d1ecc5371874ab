import {
  type Endpoint,
  type EndpointKind,
  endpointOf,
} from '../../governance/metering/endpoints.js';

const PATHS: Readonly<Record<EndpointKind, string>> = {
  generation: '/v1/chat/completions',
  agent: '/v1/agents/completions',
  'conversation-start': '/v1/conversations',
  'conversation-turn': '/v1/conversations/{id}',
  texts: '/v1/embeddings',
  ocr: '/v1/ocr',
  speech: '/v1/audio/speech',
  files: '/v1/files',
  'batch-jobs': '/v1/batch/jobs',
  conversations: '/v1/conversations',
  transcription: '/v1/audio/transcriptions',
  'model-list': '/v1/models',
  caller: '/v1/governance/me',
};

const GETS: ReadonlySet<EndpointKind> = new Set(['files', 'conversations', 'model-list', 'caller']);

/** An endpoint of a kind, for tests of what all of the kind have in common. */
export function anEndpoint<Kind extends EndpointKind = 'generation'>(
  kind = 'generation' as Kind,
): Endpoint & { readonly kind: Kind } {
  const path = PATHS[kind];
  const method = GETS.has(kind) ? 'GET' : 'POST';
  if (path.includes('{id}')) return { kind, method, path, route: path };
  const endpoint = endpointOf(method, path);
  if (endpoint.kind === 'problem') throw new Error(endpoint.message);
  return { ...endpoint, kind };
}
