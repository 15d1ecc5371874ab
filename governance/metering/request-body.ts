import { isAscii, isUtf8 } from 'node:buffer';
import { isObject, parseJson } from '../platform/json.js';
import { quoted } from '../platform/wording.js';
import { isCacheName, LONGEST_CACHE_NAME } from './cache-name.js';
import type { MeteredEndpoint } from './endpoints.js';
import { countMembers, decoded, type Member, outlineOf, shortenedLength } from './json-outline.js';
import { excessOfEscapes } from './json-strings.js';
import { type Media, mediaOf, mediaOfChats } from './media.js';
import { type NamedObject, NO_OBJECTS, objectsNamedIn } from './named-objects.js';
import { type Problem, problem } from './problem.js';
import { checkFields, type Drops } from './request-fields.js';
import { isSet, type Spellings, spellingsOf } from './spellings.js';

/** What bounds a request. Only the fields below are checked. */
export interface RequestBody extends Omit<Media, 'imageBytes'> {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly model: string;
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
  readonly limitName: 'max_tokens' | 'max_completion_tokens';
  /** Without images, white space between values, and the length of escapes: what may be tokens. */
  readonly promptBytes: number;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

export function parseRequestBody(
  received: Buffer,
  { kind, path }: Pick<MeteredEndpoint, 'kind' | 'path'>,
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
  if (typeof model !== 'string' || model === '') {
    return invalid('model', 'must be the name of a model');
  }
  const spellings = spellingsOf(kind);
  const conflict = renamedTwice(fields, spellings) ?? repeatedName(fields, members);
  if (conflict) return conflict;
  const known = checkFields(fields, path, spellings, passUnknownFields);
  if ('what' in known) return invalid(known.path, known.what);

  const checked = kind === 'generation' ? checkGeneration(fields) : NOTHING_GENERATED;
  if ('code' in checked) return checked;
  const cacheName =
    kind === 'texts' || kind === 'ocr' ? undefined : checkCacheName(fields, isShortened);
  if (cacheName) return cacheName;
  const media =
    kind === 'texts'
      ? mediaOfChats(fields.input, isShortened)
      : mediaOf(fields.messages, isShortened);
  const hasMedia = media.hasMedia || known.passesUnknown;
  const saved = hasEscapes ? excessOfEscapes(text) : 0;
  return {
    kind: 'body',
    bytes,
    members,
    spellings,
    drops: known.drops,
    fields,
    model,
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

function checkGeneration(fields: RequestBody['fields']): Generation | Problem {
  const limitName = isSet(fields.max_completion_tokens) ? 'max_completion_tokens' : 'max_tokens';
  const maxTokens = fields[limitName];
  if (maxTokens !== undefined && maxTokens !== null && typeof maxTokens !== 'number') {
    const what = `${limitName} ${quoted(maxTokens)} must be a whole number of tokens`;
    return problem('max_tokens_invalid', what, { param: limitName });
  }
  const completions = fields.n ?? 1;
  if (typeof completions !== 'number' || !Number.isInteger(completions) || completions < 1) {
    return invalid('n', 'must be a whole number of completions, at least 1');
  }
  return { maxTokens, limitName, completions };
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
