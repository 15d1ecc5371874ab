import { isAscii, isUtf8 } from 'node:buffer';
import { isObject, parseJson } from '../platform/json.js';
import { quoted } from '../platform/wording.js';
import { isCacheName, LONGEST_CACHE_NAME } from './cache-name.js';
import { generates, type MeteredEndpoint, type MeteredKind } from './endpoints.js';
import { countMembers, decoded, type Member, outlineOf, shortenedLength } from './json-outline.js';
import { excessOfEscapes } from './json-strings.js';
import { type Media, mediaOf, mediaOfChats } from './media.js';
import { type NamedObject, NO_OBJECTS, objectsNamedIn } from './named-objects.js';
import { type Problem, problem } from './problem.js';
import { checkFields, type Drops } from './request-fields.js';
import { isSet, type Spellings, spellingsOf } from './spellings.js';

/** What bounds a request. Only the fields below are checked. */
export interface RequestBody extends Omit<Media, 'imageBytes'> {
  /** The endpoint's path, with `{id}` instead of an id. */
  readonly route: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** `undefined` where it names an agent, or goes on with a conversation. */
  readonly model: string | undefined;
  readonly agent?: string | undefined;
  readonly maxTokens: number | null | undefined;
  /** The number of completions of one prompt. */
  readonly completions: number;
  /** May be served by the priority tier, at a higher price. */
  readonly priority: boolean;
  /** The text that is to be spoken: its characters have a price. */
  readonly spoken?: Spoken | undefined;
  /** What it names of the objects that live at Mistral. @default none */
  readonly objects?: readonly NamedObject[];
}

interface Spoken {
  /** In units of UTF-16, which are at least as many as any count of characters. */
  readonly characters: number;
  readonly bytes: number;
}

/** A body that was parsed once, as it was received. */
export interface ParsedBody extends RequestBody {
  readonly kind: 'body';
  readonly bytes: Buffer;
  readonly members: readonly Member[];
  readonly spellings: Spellings;
  readonly drops: Drops | undefined;
  /** The name by which it limits its tokens. */
  readonly limitName: 'max_tokens' | 'max_completion_tokens' | 'completion_args.max_tokens';
  /** Without images, white space between values, and the length of escapes: what may be tokens. */
  readonly promptBytes: number;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export function parseRequestBody(
  received: Buffer,
  { kind, route }: Pick<MeteredEndpoint, 'kind' | 'route'>,
  passUnknownFields = false,
  usualModel?: string,
): ParsedBody | Problem {
  const bytes = withoutByteOrderMark(received);
  const isPlain = isAscii(bytes);
  if (!isPlain && !isUtf8(bytes)) {
    return problem('invalid_request', 'the body is not valid UTF-8');
  }
  const text = bytes.toString('latin1');
  const { members, blanks, hasEscapes, excess, skeleton, isShortened } = outlineOf(text);
  if (excess !== undefined) return problem('invalid_request', `the body ${excess}`);
  const fields = parseJson(isPlain ? skeleton : decoded(skeleton));
  if (!isObject(fields) || Array.isArray(fields)) {
    return problem('invalid_request', 'the body is not a JSON object');
  }
  const { model = usualModel } = fields;
  const named = kind === 'conversation-turn' ? undefined : subjectOf(model, fields.agent_id, kind);
  if (typeof named === 'object') return named;
  const spellings = spellingsOf(kind);
  const conflict = renamedTwice(fields, spellings) ?? repeatedName(fields, members);
  if (conflict) return conflict;
  const known = checkFields(fields, route, spellings, passUnknownFields);
  if ('what' in known) return invalid(known.path, known.what);

  const checked = generates(kind) ? checkGeneration(fields, kind) : NOTHING_GENERATED;
  if ('code' in checked) return checked;
  const cacheName =
    kind === 'texts' || kind === 'ocr' ? undefined : checkCacheName(fields, isShortened);
  if (cacheName) return cacheName;
  const media =
    kind === 'texts'
      ? mediaOfChats(fields.input, isShortened)
      : mediaOf(fields.messages ?? fields.inputs, isShortened);
  const hasMedia = media.hasMedia || known.passesUnknown;
  const saved = hasEscapes ? excessOfEscapes(text) : 0;
  return {
    kind: 'body',
    route,
    bytes,
    members,
    spellings,
    drops: known.drops,
    fields,
    model: named === 'agent' || typeof model !== 'string' ? undefined : model,
    agent: named === 'agent' ? String(fields.agent_id) : undefined,
    maxTokens: checked.maxTokens,
    limitName: checked.limitName,
    completions: checked.completions,
    priority: mayBePriority(fields.service_tier),
    spoken: kind === 'speech' ? spokenIn(bytes, members) : undefined,
    images: media.images,
    hasMedia,
    objects: hasMedia || kind === 'ocr' ? objectsNamedIn(fields, known.passesUnknown) : NO_OBJECTS,
    promptBytes: bytes.length - blanks - saved - media.imageBytes,
  };
}

type Generation = Pick<ParsedBody, 'maxTokens' | 'limitName' | 'completions'>;

const NOTHING_GENERATED: Generation = {
  maxTokens: undefined,
  limitName: 'max_tokens',
  completions: 0,
};

/** Which of the two it names, of those that its endpoint takes. */
function subjectOf(model: unknown, agent: unknown, kind: MeteredKind): 'model' | 'agent' | Problem {
  const takesAgent = kind === 'agent' || kind === 'conversation-start';
  if (takesAgent && isSet(agent)) {
    if (typeof agent !== 'string' || agent === '') {
      return invalid('agent_id', 'must be the id of an agent');
    }
    if (!isSet(model)) return 'agent';
    return invalid('model', 'and agent_id exclude each other: an agent has a model of its own');
  }
  if (kind === 'agent') return invalid('agent_id', 'must be the id of an agent');
  if (typeof model === 'string' && model !== '') return 'model';
  const orAgent = takesAgent ? ', or agent_id the id of an agent' : '';
  return invalid('model', `must be the name of a model${orAgent}`);
}

function checkGeneration(fields: RequestBody['fields'], kind: MeteredKind): Generation | Problem {
  if (kind === 'conversation-start' || kind === 'conversation-turn') return checkTurn(fields);
  const limitName = isSet(fields.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens';
  const maxTokens = fields[limitName];
  if (maxTokens !== undefined && maxTokens !== null && typeof maxTokens !== 'number') {
    return notANumber(limitName, maxTokens);
  }
  const completions = fields.n ?? 1;
  if (typeof completions !== 'number' || !Number.isInteger(completions) || completions < 1) {
    return invalid('n', 'must be a whole number of completions, at least 1');
  }
  return { maxTokens, limitName, completions };
}

/** Its shape is checked. */
function checkTurn({ completion_args: given, handoff_execution }: RequestBody['fields']) {
  const limitName = 'completion_args.max_tokens';
  const maxTokens = isObject(given) ? given.max_tokens : undefined;
  if (isSet(maxTokens) && typeof maxTokens !== 'number') return notANumber(limitName, maxTokens);
  if (isSet(handoff_execution) && !HANDOFFS.has(String(handoff_execution))) {
    return invalid('handoff_execution', 'must be "client" or "server"');
  }
  return { maxTokens: maxTokens as number | null | undefined, limitName, completions: 1 } as const;
}

const HANDOFFS: ReadonlySet<string> = new Set(['client', 'server']);

function notANumber(limitName: string, given: unknown): Problem {
  const what = `${limitName} ${quoted(given)} must be a whole number of tokens`;
  return problem('max_tokens_invalid', what, { param: limitName });
}

function checkCacheName(
  { prompt_cache_key: name }: RequestBody['fields'],
  isShortened: boolean,
): Problem | undefined {
  const isLong = isShortened && shortenedLength(String(name)) !== undefined;
  if (!isSet(name) || (!isLong && isCacheName(name))) return undefined;
  return invalid('prompt_cache_key', `must be a text of at most ${LONGEST_CACHE_NAME} characters`);
}

/** Of the text itself: in the fields, a placeholder may stand for it. */
function spokenIn(bytes: Buffer, members: readonly Member[]): Spoken {
  const member = members.filter(({ name }) => name === 'input').at(-1);
  const text = member && parseJson(bytes.toString('utf8', member.valueStart, member.end));
  const spoken = typeof text === 'string' ? text : '';
  return { characters: spoken.length, bytes: Buffer.byteLength(spoken) };
}

/** `auto` requests it; the default is `standard_only`. Any future tier counts as priority too. */
function mayBePriority(serviceTier: unknown): boolean {
  return isSet(serviceTier) && serviceTier !== 'standard_only';
}

function renamedTwice(fields: RequestBody['fields'], { renamed }: Spellings): Problem | undefined {
  for (const [theirs, ours] of renamed) {
    if (!isSet(fields[theirs]) || !isSet(fields[ours]) || fields[theirs] === fields[ours]) continue;
    return invalid(theirs, `and ${ours} mean the same and differ: give one of them`);
  }
  return undefined;
}

/** Mistral may read another one of them than was checked. */
function repeatedName(
  fields: RequestBody['fields'],
  members: readonly Member[],
): Problem | undefined {
  for (const { name, innerMembers } of members) {
    if (innerMembers === 0 || countMembers(fields[name]) >= innerMembers) continue;
    return invalid(name, 'has an object that gives the same name twice: give each name once');
  }
  return undefined;
}

function withoutByteOrderMark(bytes: Buffer): Buffer {
  const isMarked = bytes[0] === BYTE_ORDER_MARK[0] && bytes.indexOf(BYTE_ORDER_MARK) === 0;
  return isMarked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}

function invalid(param: string, what: string): Problem {
  return problem('invalid_field', `${param} ${what}`, { param });
}
