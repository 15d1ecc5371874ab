import { isObject } from '../platform/json.js';
import { cacheNameOf, isCacheName } from './cache-name.js';
import type { Member } from './json-outline.js';
import { placesOf } from './json-places.js';
import type { ParsedBody } from './request-body.js';
import { isIdleAndNever } from './request-fields.js';
import { isIdle, isSet } from './spellings.js';

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
  const isTurn = body.limitName === 'completion_args.max_tokens';
  const isLimited = isTurn || maxTokens === undefined || names.includes('max_tokens');
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
    } else if (name === 'agent_id') {
      if (!isLimited) replace(end, end, `,"max_tokens":${maxTokens}`);
    } else if (name === 'handoff_execution') {
      replace(valueStart, end, HANDOFFS_BY_CALLER);
    } else if (name === 'completion_args' && isTurn) {
      limitArguments(body, member, maxTokens, replace);
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
  if (isTurn) {
    const added = [
      names.includes('completion_args') ? '' : `,"completion_args":{"max_tokens":${maxTokens}}`,
      names.includes('handoff_execution') ? '' : `,"handoff_execution":${HANDOFFS_BY_CALLER}`,
    ].join('');
    const end = Math.max(sentTo, lastSent?.end ?? bytes.indexOf('{') + 1);
    replace(end, end, lastSent ? added : added.slice(1));
  }
  if (sentTo === 0) return body;
  parts.push(bytes.subarray(sentTo));
  return { bytes: Buffer.concat(parts), promptBytes };
}

/** Another agent would run on a model that the policy may not know: the caller gets to see a handoff instead. */
const HANDOFFS_BY_CALLER = '"client"';

/** `completion_args`, with the limit in place of one that the caller gave. */
function limitArguments(
  { bytes, fields, drops = new Map() }: ParsedBody,
  { name, valueStart, end }: Member,
  maxTokens: number | undefined,
  replace: (start: number, end: number, text: string) => void,
): void {
  const args = fields[name];
  if (!isObject(args)) return; // its shape was checked
  const left = new Set([...(drops.get(args) ?? []), 'max_tokens']);
  const others = Object.keys(args).filter((one) => !left.has(one)).length;
  replace(valueStart + 1, valueStart + 1, `"max_tokens":${maxTokens}${others > 0 ? ',' : ''}`);
  const text = bytes.toString('latin1', valueStart, end);
  for (const place of placesOf(text, args, new Map([...drops, [args, left]]))) {
    replace(valueStart + place.start, valueStart + place.end, '');
  }
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
