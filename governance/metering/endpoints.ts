import { type FormShape, TRANSCRIPTION_FORM } from './forms/form-shape.js';
import { type Problem, problem } from './problem.js';

/** How a request is bounded, and what of its body is checked. */
export type EndpointKind =
  | 'generation'
  | 'texts'
  | 'ocr'
  | 'speech'
  | 'transcription'
  | 'model-list'
  | 'caller';

export interface Endpoint {
  readonly kind: EndpointKind;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** What its body is, if not JSON. */
  readonly form?: FormShape;
  /** Of `/v1/models/{id}`. */
  readonly modelName?: string;
}

const ENDPOINTS: readonly Endpoint[] = [
  { kind: 'generation', method: 'POST', path: '/v1/chat/completions' },
  { kind: 'generation', method: 'POST', path: '/v1/fim/completions' },
  { kind: 'texts', method: 'POST', path: '/v1/embeddings' },
  { kind: 'texts', method: 'POST', path: '/v1/moderations' },
  { kind: 'texts', method: 'POST', path: '/v1/chat/moderations' },
  { kind: 'texts', method: 'POST', path: '/v1/classifications' },
  { kind: 'texts', method: 'POST', path: '/v1/chat/classifications' },
  { kind: 'ocr', method: 'POST', path: '/v1/ocr' },
  { kind: 'speech', method: 'POST', path: '/v1/audio/speech' },
  {
    kind: 'transcription',
    method: 'POST',
    path: TRANSCRIPTION_FORM.path,
    form: TRANSCRIPTION_FORM,
  },
  { kind: 'model-list', method: 'GET', path: '/v1/models' },
  { kind: 'caller', method: 'GET', path: '/v1/governance/me' },
];
const BY_PATH = new Map(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint]));
const MODEL_PATH = '/v1/models/';

/**
 * The endpoint of a request. Everything that is not in the table is refused. What is sent to Mistral
 * is the path in the table, so that many spellings may lead to it.
 */
export function endpointOf(method: string, target: string): Endpoint | Problem {
  const query = target.search(/[?#]/);
  const path = query < 0 ? target : target.slice(0, query);
  const endpoint = BY_PATH.get(path) ?? respelled(path);
  if (!endpoint) {
    const known = ENDPOINTS.map((one) => `${one.method} ${one.path}`).join(', ');
    return problem(
      'endpoint_not_allowed',
      `${shortened(method)} ${shortened(path)} is not available here: allowed are ${known}`,
    );
  }
  // Of a HEAD, the shells send no body.
  if (endpoint.method === method || (endpoint.method === 'GET' && method === 'HEAD')) {
    return endpoint;
  }
  const allow = endpoint.method === 'GET' ? 'GET, HEAD' : endpoint.method;
  return problem(
    'method_not_allowed',
    `${shortened(path)} does not accept ${shortened(method)}: allowed is ${allow}`,
    { allow },
  );
}

/** Escapes, doubled and trailing slashes, and a base URL with one `/v1` too many or too few. */
function respelled(path: string): Endpoint | undefined {
  const segments = decoded(path)?.split('/').filter(Boolean) ?? [];
  while (segments[0] === 'v1') segments.shift();
  const plain = `/v1/${segments.join('/')}`;
  return BY_PATH.get(plain) ?? oneModel(plain);
}

function oneModel(path: string): Endpoint | undefined {
  if (!path.startsWith(MODEL_PATH)) return undefined;
  const modelName = path.slice(MODEL_PATH.length);
  if (modelName.includes('/')) return undefined; // another path, not a name
  return { kind: 'model-list', method: 'GET', path: '/v1/models', modelName };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // an invalid escape names nothing
  }
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
