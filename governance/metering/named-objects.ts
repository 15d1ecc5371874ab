import type { ObjectKind } from '../objects/objects.js';
import { isObject } from '../platform/json.js';

/** An object at Mistral that a body names: it must be the caller's own. */
export interface NamedObject {
  readonly kind: ObjectKind;
  /** As it was given, which need not be an id. */
  readonly id: string;
  /** Where in the body. */
  readonly param: string;
}

export const NO_OBJECTS: readonly NamedObject[] = [];

/** What the API's own parts of a prompt or a document name objects by. */
const OF_THE_API: readonly [RegExp, ObjectKind][] = [[/^file_id$/, 'file']];

/** In parts that nothing here knows, by any name that Mistral could have for them. */
const OF_UNKNOWN_PARTS: readonly [RegExp, ObjectKind][] = [
  [/(?:(?:^|_)f|(?:^|[a-z])F)ile(?:_?[Ii]ds?|s)?$/, 'file'],
  [/(?:(?:^|_)c|(?:^|[a-z])C)onversation(?:_?[Ii]ds?|s)?$/, 'conversation'],
  [/(?:(?:^|_)(?:batch|job)|(?:^|[a-z])(?:Batch|Job))(?:_?[Ii]ds?|s)?$/, 'batch'],
];

/** Members whose content is the caller's own, or a schema. */
function withoutSchemas(fields: Readonly<Record<string, unknown>>) {
  const { metadata: _, tools: __, response_format: ___, ...others } = fields;
  return others;
}

/**
 * All objects that a body names, the one place for every endpoint: `file` parts of messages, at any depth,
 * and of OCR's document. Only strings are names: Mistral takes nothing else, and a schema of a tool may have
 * a member of such a name.
 */
export function objectsNamedIn(
  fields: Readonly<Record<string, unknown>>,
  passesUnknown: boolean,
): readonly NamedObject[] {
  const named: NamedObject[] = [];
  const names = passesUnknown ? OF_UNKNOWN_PARTS : OF_THE_API;

  function walk(value: unknown, path: string): void {
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) walk(value[at], `${path}[${at}]`);
      return;
    }
    if (!isObject(value)) return;
    for (const [name, member] of Object.entries(value)) {
      const param = path === '' ? name : `${path}.${name}`;
      const kind = names.find(([pattern]) => pattern.test(name))?.[1];
      if (kind === undefined) walk(member, param);
      else {
        for (const [at, id] of [member].flat().entries()) {
          if (typeof id === 'string') named.push({ kind, id, param });
          else walk(id, Array.isArray(member) ? `${param}[${at}]` : param);
        }
      }
    }
  }

  if (passesUnknown) walk(withoutSchemas(fields), '');
  else {
    walk(fields.messages, 'messages');
    walk(fields.document, 'document');
  }
  return named.length > 0 ? named : NO_OBJECTS;
}
