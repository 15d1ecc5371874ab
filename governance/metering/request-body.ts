import { isAscii, isUtf8 } from 'node:buffer';
import { isObject, parseJson } from '../platform/json.js';
import { quoted } from '../platform/wording.js';
import { cacheNameOf, isCacheName, LONGEST_CACHE_NAME } from './cache-name.js';
import type { Endpoint } from './endpoints.js';
import { countMembers, decoded, type Member, outlineOf, shortenedLength } from './json-outline.js';
import { placesOf } from './json-places.js';
import { excessOfEscapes } from './json-strings.js';
import { type Media, mediaOf } from './media.js';
import { type Problem, problem } from './problem.js';
import { checkFields, type Drops, isIdleAndNever } from './request-fields.js';
import { isIdle, type Spellings, spellingsOf } from './spellings.js';

/** What bounds a request. Only the fields below are checked. */
export interface RequestBody extends Omit<Media, 'imageBytes'> {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly maxTokens: number | null | undefined;
  /** The number of completions of one prompt. */
  readonly completions: number;
  /** May be served by the priority tier, at a higher price. */
  readonly priority: boolean;
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
  { kind, path }: Pick<Endpoint, 'kind' | 'path'>,
  passUnknownFields = false,
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
  const { model } = fields;
  if (typeof model !== 'string' || model === '') {
    return invalid('model', 'must be the name of a model');
  }
  const spellings = spellingsOf(kind);
  const conflict = renamedTwice(fields, spellings) ?? repeatedName(fields, members);
  if (conflict) return conflict;
  const known = checkFields(fields, path, spellings, passUnknownFields);
  if ('what' in known) return invalid(known.path, known.what);

  const checked = kind === 'generation' ? checkGeneration(fields, isShortened) : NOTHING_GENERATED;
  if ('code' in checked) return checked;
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
    images: checked.media.images,
    hasMedia: checked.media.hasMedia || known.passesUnknown,
    promptBytes: bytes.length - blanks - saved - checked.media.imageBytes,
  };
}

interface Generation extends Pick<ParsedBody, 'maxTokens' | 'limitName' | 'completions'> {
  readonly media: Media;
}

const NOTHING_GENERATED: Generation = {
  maxTokens: undefined,
  limitName: 'max_tokens',
  completions: 0,
  media: { images: 0, imageBytes: 0, hasMedia: false },
};

function checkGeneration(
  fields: RequestBody['fields'],
  isShortened: boolean,
): Generation | Problem {
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
  const { prompt_cache_key: cacheName } = fields;
  const isLong = isShortened && shortenedLength(String(cacheName)) !== undefined;
  if (isSet(cacheName) && (isLong || !isCacheName(cacheName))) {
    return invalid(
      'prompt_cache_key',
      `must be a text of at most ${LONGEST_CACHE_NAME} characters`,
    );
  }
  const media = mediaOf(fields.messages, isShortened);
  return { maxTokens, limitName, completions, media };
}

/** `auto` requests it; the default is `standard_only`. Any future tier counts as priority too. */
function mayBePriority(serviceTier: unknown): boolean {
  return isSet(serviceTier) && serviceTier !== 'standard_only';
}

/**
 * The body to send: the received bytes, but for members that were checked, and those that Mistral
 * would reject. It has a token limit, and the model's exact id, since an alias may move meanwhile.
 * Members that are left out still count as bytes of the prompt.
 */
export function writeRequestBody(
  body: ParsedBody,
  modelId: string,
  maxTokens: number | undefined,
  callerArn: string,
): Pick<ParsedBody, 'bytes' | 'promptBytes'> {
  const { bytes, members } = body;
  const parts: Buffer[] = [];
  let promptBytes = body.promptBytes;
  let sentTo = 0;
  const replace = (start: number, end: number, text: string) => {
    if (end - start === text.length && bytes.toString('latin1', start, end) === text) return;
    if (start > sentTo) parts.push(bytes.subarray(sentTo, start));
    sentTo = end;
    if (text === '') return;
    const written = Buffer.from(text);
    parts.push(written);
    promptBytes += written.length - (end - start);
  };

  const names = namesToSend(body);
  const isLimited = maxTokens === undefined || names.includes('max_tokens');
  let lastSent: Member | undefined;
  for (let at = 0; at < members.length; at += 1) {
    const member = members[at] as Member;
    const { start, nameEnd, valueStart, end } = member;
    const name = names[at];
    if (name === undefined) {
      // With the comma before it; as long as there is none, with the one after it.
      if (lastSent) replace(lastSent.end, end, '');
      else replace(start, members[at + 1]?.start ?? end, '');
      continue;
    }
    lastSent = member;
    if (name !== member.name) replace(start, nameEnd, JSON.stringify(name));
    if (name === 'model') {
      replace(valueStart, end, JSON.stringify(modelId));
      if (!isLimited) replace(end, end, `,"max_tokens":${maxTokens}`);
    } else if (name === 'max_tokens' && maxTokens !== undefined) {
      replace(valueStart, end, String(maxTokens));
    } else if (name === 'n' && body.completions > 0) {
      replace(valueStart, end, String(body.completions));
    } else if (name === 'prompt_cache_key' && isCacheName(body.fields[name])) {
      replace(valueStart, end, JSON.stringify(cacheNameOf(callerArn, body.fields[name])));
    } else if (body.drops && isObject(body.fields[member.name])) {
      const text = bytes.toString('latin1', valueStart, end);
      for (const place of placesOf(text, body.fields[member.name], body.drops)) {
        replace(valueStart + place.start, valueStart + place.end, '');
      }
    }
  }
  if (sentTo === 0) return body;
  parts.push(bytes.subarray(sentTo));
  return { bytes: Buffer.concat(parts), promptBytes };
}

/** By place; `undefined` for members that are not sent. */
function namesToSend({ members, fields, spellings }: ParsedBody): (string | undefined)[] {
  const { renamed, dropped, droppedIfIdle } = spellings;
  const isRepeated = members.length > Object.keys(fields).length;
  const lastOf = isRepeated ? new Map(members.map((member) => [member.name, member])) : undefined;
  return members.map((member) => {
    const { name } = member;
    const value = fields[name];
    if (value === null || dropped.has(name)) return undefined;
    if (droppedIfIdle.has(name) && isIdle(value)) return undefined;
    if (isIdleAndNever(name, value)) return undefined;
    if (lastOf && lastOf.get(name) !== member) return undefined; // the last one was checked
    const ours = renamed.get(name);
    if (ours === undefined) return name;
    return isSet(fields[ours]) ? undefined : ours;
  });
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

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function invalid(param: string, what: string): Problem {
  return problem('invalid_field', `${param} ${what}`, { param });
}
