import { isObjectId, type ObjectKind } from '../objects/objects.js';
import { FILE_FORM, type FormShape, TRANSCRIPTION_FORM } from './forms/form-shape.js';
import { CONVERSATION_LIST, FILE_LIST, JOB, JOB_LIST, URL_HOURS } from './list-parameters.js';
import { objectNotFound, type Problem, problem } from './problem.js';
import { type Parameters, parseQuery, type Query } from './query.js';
import { whyRefused } from './refused-endpoints.js';

/** How a request is bounded, and what of its body is checked. */
export type MeteredKind =
  | 'generation'
  | 'agent'
  | 'conversation-start'
  | 'conversation-turn'
  | 'texts'
  | 'ocr'
  | 'speech'
  | 'transcription';
type ObjectsKind = 'files' | 'conversations' | 'batch-jobs';
export type EndpointKind = MeteredKind | ObjectsKind | 'model-list' | 'caller';

/** Whether its answers are text that a model writes, as far as `max_tokens` allows. */
export function generates(kind: MeteredKind): boolean {
  return kind === 'generation' || GENERATING.has(kind);
}

const METERED: ReadonlySet<EndpointKind> = new Set([
  'agent',
  'conversation-start',
  'conversation-turn',
  'texts',
  'ocr',
  'speech',
  'transcription',
]);
const GENERATING: ReadonlySet<EndpointKind> = new Set([
  'agent',
  'conversation-start',
  'conversation-turn',
]);

export interface Endpoint {
  readonly kind: EndpointKind;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As it is sent to Mistral: written here, with the object's id where it has one. */
  readonly path: string;
  /** The path in the table: with `{id}` instead of an id. */
  readonly route: string;
  /** What its body is, if not JSON. */
  readonly form?: FormShape;
  /** Of `/v1/models/{id}`. */
  readonly modelName?: string;
  /** Of an object, in a form that is safe in a path. */
  readonly id?: string;
  /** Checked. @default the endpoint has no query: what is given is not sent */
  readonly query?: Query;
}

/** An endpoint whose requests are bounded, reserved and settled. */
export interface MeteredEndpoint extends Endpoint {
  readonly kind: MeteredKind;
}

export function isMetered(endpoint: Endpoint): endpoint is MeteredEndpoint {
  const { kind } = endpoint;
  return kind === 'generation' || METERED.has(kind);
}

interface Row extends Pick<Endpoint, 'kind' | 'method' | 'path' | 'form'> {
  /** Of the ids in its path. */
  readonly object?: ObjectKind;
  readonly parameters?: Parameters;
  /** Whether its answer is too long to be made for its headers alone. */
  readonly noHead?: true;
}

function ofConversation(kind: EndpointKind, method: Row['method'], parts: readonly string[]) {
  return parts.map((part): Row => {
    const row = {
      kind,
      method,
      path: `${CONVERSATIONS}/{id}${part}`,
      object: 'conversation',
    } as const;
    return part === '' ? row : { ...row, noHead: true };
  });
}

const JOBS = '/v1/batch/jobs';
const CONVERSATIONS = '/v1/conversations';
const TABLE: readonly Row[] = [
  { kind: 'generation', method: 'POST', path: '/v1/chat/completions' },
  { kind: 'generation', method: 'POST', path: '/v1/fim/completions' },
  { kind: 'agent', method: 'POST', path: '/v1/agents/completions' },
  { kind: 'texts', method: 'POST', path: '/v1/embeddings' },
  { kind: 'texts', method: 'POST', path: '/v1/moderations' },
  { kind: 'texts', method: 'POST', path: '/v1/chat/moderations' },
  { kind: 'texts', method: 'POST', path: '/v1/classifications' },
  { kind: 'texts', method: 'POST', path: '/v1/chat/classifications' },
  { kind: 'ocr', method: 'POST', path: '/v1/ocr' },
  { kind: 'speech', method: 'POST', path: '/v1/audio/speech' },
  { kind: 'files', method: 'POST', path: FILE_FORM.path, form: FILE_FORM },
  { kind: 'files', method: 'GET', path: FILE_FORM.path, parameters: FILE_LIST },
  { kind: 'files', method: 'GET', path: '/v1/files/{id}', object: 'file' },
  { kind: 'files', method: 'DELETE', path: '/v1/files/{id}', object: 'file' },
  { kind: 'files', method: 'GET', path: '/v1/files/{id}/content', object: 'file', noHead: true },
  {
    kind: 'files',
    method: 'GET',
    path: '/v1/files/{id}/url',
    object: 'file',
    parameters: URL_HOURS,
  },
  { kind: 'batch-jobs', method: 'GET', path: JOBS, parameters: JOB_LIST },
  { kind: 'batch-jobs', method: 'POST', path: JOBS },
  { kind: 'batch-jobs', method: 'GET', path: `${JOBS}/{id}`, object: 'batch', parameters: JOB },
  { kind: 'batch-jobs', method: 'POST', path: `${JOBS}/{id}/cancel`, object: 'batch' },
  { kind: 'conversation-start', method: 'POST', path: CONVERSATIONS },
  { kind: 'conversations', method: 'GET', path: CONVERSATIONS, parameters: CONVERSATION_LIST },
  ...ofConversation('conversations', 'GET', ['', '/history', '/messages']),
  ...ofConversation('conversations', 'DELETE', ['']),
  ...ofConversation('conversation-turn', 'POST', ['', '/restart']),
  {
    kind: 'transcription',
    method: 'POST',
    path: TRANSCRIPTION_FORM.path,
    form: TRANSCRIPTION_FORM,
  },
  { kind: 'model-list', method: 'GET', path: '/v1/models' },
  { kind: 'caller', method: 'GET', path: '/v1/governance/me' },
];
const ID = '{id}';
const MODEL_PATH = '/v1/models/';

/** One path, with all methods that it accepts. */
interface Found {
  readonly rows: readonly (Row & Pick<Endpoint, 'route'>)[];
  readonly modelName?: string;
  readonly id?: string;
}

const BY_PATH = new Map<string, Found>();
const WITH_ID: { readonly segments: readonly string[]; readonly found: Found }[] = [];
for (const { path } of TABLE) {
  if (BY_PATH.has(path)) continue;
  const rows = TABLE.filter((row) => row.path === path).map((row) => ({ ...row, route: path }));
  BY_PATH.set(path, { rows });
  if (path.includes(ID)) WITH_ID.push({ segments: path.split('/').slice(2), found: { rows } });
}

/**
 * The endpoint of a request. Everything that is not in the table is refused. What is sent to Mistral
 * is the path in the table, so that many spellings may lead to it.
 */
export function endpointOf(method: string, target: string): Endpoint | Problem {
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  const found = BY_PATH.get(path) ?? withId(path) ?? respelled(path);
  if (!found || found.rows[0] === undefined) {
    const what = `${shortened(method)} ${shortened(path)} is not available here`;
    const reason = whyRefused(method, path);
    if (reason !== undefined) {
      return problem('endpoint_not_allowed', `${what}, because ${reason}`);
    }
    const known = TABLE.map((one) => `${one.method} ${one.path}`).join(', ');
    return problem('endpoint_not_allowed', `${what}: allowed are ${known}`);
  }
  for (const row of found.rows) {
    // Of a HEAD, the shells send no body.
    const isHead = method === 'HEAD' && row.method === 'GET' && !row.noHead;
    if (row.method !== method && !isHead) continue;
    if (row.object === undefined && row.parameters === undefined && !found.modelName) return row;
    return particular(row, found, end < 0 ? '' : target.slice(end));
  }
  const allow = found.rows
    .map((row) => (row.method === 'GET' && !row.noHead ? 'GET, HEAD' : row.method))
    .join(', ');
  return problem(
    'method_not_allowed',
    `${shortened(path)} does not accept ${shortened(method)}${because(whyRefused(method, path))}: allowed is ${allow}`,
    { allow },
  );
}

/** An endpoint with what this request alone has: a name, an id, a query. */
function particular(
  { kind, method, route, object, parameters }: Found['rows'][number],
  { modelName, id }: Found,
  tail: string,
): Endpoint | Problem {
  const endpoint = { kind, method, route };
  if (modelName !== undefined) return { ...endpoint, path: route, modelName };
  // What cannot be an id is answered as one that is not there.
  if (object !== undefined && !isObjectId(id)) return objectNotFound(object);
  const path = id === undefined ? route : route.replace(ID, id);
  const named = id === undefined ? { ...endpoint, path } : { ...endpoint, path, id };
  if (parameters === undefined) return named;
  const query = parseQuery(/^\?([^#]*)/.exec(tail)?.[1] ?? '', parameters);
  return 'kind' in query ? query : { ...named, query };
}

/** By its segments as they came: an escaped slash is part of an id, which no id can have. */
function withId(path: string): Found | undefined {
  const given = path.split('/').filter(Boolean);
  while (given[0] === 'v1') given.shift();
  for (const { segments, found } of WITH_ID) {
    const isSame =
      segments.length === given.length &&
      segments.every((segment, at) => segment === ID || segment === given[at]);
    if (isSame) return { ...found, id: decoded(given[segments.indexOf(ID)] ?? '') ?? '' };
  }
  return undefined;
}

/** Escapes, doubled and trailing slashes, and a base URL with one `/v1` too many or too few. */
function respelled(path: string): Found | undefined {
  const segments = decoded(path)?.split('/').filter(Boolean) ?? [];
  while (segments[0] === 'v1') segments.shift();
  const plain = `/v1/${segments.join('/')}`;
  return BY_PATH.get(plain) ?? oneModel(plain);
}

function oneModel(path: string): Found | undefined {
  if (!path.startsWith(MODEL_PATH)) return undefined;
  const modelName = path.slice(MODEL_PATH.length);
  if (modelName.includes('/')) return undefined; // another path, not a name
  const list = BY_PATH.get(MODEL_PATH.slice(0, -1));
  return list && { ...list, modelName };
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // an invalid escape names nothing
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? '' : `, because ${reason}`;
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
