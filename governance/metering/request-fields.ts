import { isObject } from '../platform/json.js';
import { quoted, shortened } from '../platform/wording.js';
import { REQUEST_SHAPES } from './request-shapes.js';
import type { ObjectShape, Shape } from './shapes.js';
import { isIdle, type Spellings } from './spellings.js';

/** Where a body does not have the shape that the API has. */
export interface Misfit {
  readonly path: string;
  readonly what: string;
}

/** By object: the names of members that ask for nothing, and that Mistral would reject. */
export type Drops = ReadonlyMap<unknown, ReadonlySet<string>>;

/** A body whose fields are all known, or may pass. */
export interface CheckedFields {
  /** Something passes that nothing here knows: it may cost more than its bytes say. */
  readonly passesUnknown: boolean;
  readonly drops: Drops | undefined;
}

const AGENT = 'selects an agent, whose model, instructions and tools the policy does not know';
const AT_MISTRAL = 'runs at Mistral and is billed separately from tokens';
const CONVERSATION = 'continues a conversation that others may have started';
const LIBRARY = 'reads documents of the whole workspace';
const SOUND = 'asks for sound, which is not billed by token';
const PASSES = "The policy's gateway.passUnknownFields decides whether others are sent";

/** Costs money that is not metered, or opens what is not the caller's: refused under any policy. */
const NEVER: ReadonlyMap<string, string> = new Map([
  ['guardrails', 'runs another model with each request, which is not metered'],
  ...['agent_id', 'agent', 'agent_version', 'handoff_execution'].map(
    (name) => [name, AGENT] as const,
  ),
  ...['connectors', 'connector_id', 'mcp_servers', 'plugins', 'web_search_options'].map(
    (name) => [name, AT_MISTRAL] as const,
  ),
  ...['conversation_id', 'completion_args'].map((name) => [name, CONVERSATION] as const),
  ...['library_ids', 'libraries', 'document_library'].map((name) => [name, LIBRARY] as const),
  ['audio', SOUND],
  ['modalities', 'asks for other answers than text, which are not billed by token'],
  ['best_of', 'generates completions that are not counted: use n'],
  ['models', 'names other models than the one that was checked'],
]);

/**
 * Whether a field that is never sent asks for nothing, or for what every answer has, so that the request can do
 * without it. An empty object asks: `web_search_options: {}` is a search with the usual options.
 */
export function isIdleAndNever(name: string, value: unknown): boolean {
  return NEVER.has(name) && asksForNothing(name, value);
}

function asksForNothing(name: string, value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.length === 0 || (name === 'modalities' && value.every((one) => one === 'text'));
  }
  return value === false || value === 0 || (name === 'best_of' && value === 1);
}

/**
 * Compares a body with Mistral's schema, as far as fields and their nesting go. A field that is null
 * is none.
 */
export function checkFields(
  fields: Readonly<Record<string, unknown>>,
  path: string,
  { renamed, dropped, droppedIfIdle, meant }: Spellings,
  passUnknownFields: boolean,
): CheckedFields | Misfit {
  const shape = REQUEST_SHAPES.get(path);
  if (!shape) throw new Error(`no shape for ${path}`);
  const check = new Check(passUnknownFields);
  for (const name in fields) {
    const value = fields[name];
    if (value === null || renamed.has(name) || dropped.has(name)) continue;
    const isNever = NEVER.get(name);
    if (droppedIfIdle.has(name) && isIdle(value)) continue;
    if (isNever !== undefined && !meant.has(name)) {
      if (asksForNothing(name, value)) continue;
      return { path: name, what: `is not allowed: it ${isNever}` };
    }
    const known = shape.members.get(name);
    if (known === undefined) {
      if (!passUnknownFields) return unknownField(name, path, shape);
      check.passesUnknown = true;
    } else if (known !== 'anything') {
      const misfit = check.misfit(value, known);
      if (misfit) return within(name, misfit);
    }
  }
  return check;
}

function unknownField(name: string, path: string, shape: ObjectShape): Misfit {
  const allowed = [...shape.members.keys()].filter((one) => !NEVER.has(one)).join(', ');
  return {
    path: shortName(name),
    what: `is not a field of ${path}: allowed are ${allowed}. ${PASSES}`,
  };
}

class Check implements CheckedFields {
  passesUnknown = false;
  drops: Map<unknown, Set<string>> | undefined;

  constructor(private readonly passUnknown: boolean) {}

  misfit(value: unknown, shape: Shape): Misfit | undefined {
    if (shape === 'anything') return undefined;
    if (shape === 'text') return typeof value === 'string' ? undefined : not('a text', value);
    switch (shape.is) {
      case 'text or':
        return typeof value === 'string' ? undefined : this.misfit(value, shape.other);
      case 'one or more': {
        const one: unknown = Array.isArray(value) && isList(shape.of) ? value[0] : value;
        return Array.isArray(one) ? this.#ofList(value, shape.of) : this.misfit(value, shape.of);
      }
      case 'list':
        return this.#ofList(value, shape.of);
      case 'object':
        return this.#ofObject(value, shape);
      case 'tagged': {
        if (!isObject(value) || Array.isArray(value)) return not('an object', value);
        const { tag, kinds, others } = shape;
        const given = value[tag] ?? shape.usual(value);
        const kind = typeof given === 'string' ? kinds.get(given) : undefined;
        if (kind) return this.#ofObject(value, kind);
        if (this.passUnknown && others === 'may pass') {
          this.passesUnknown = true;
          return undefined;
        }
        const why = others === 'may pass' ? `. ${PASSES}` : `; ${others}`;
        const is =
          given === undefined || given === null ? 'is missing' : `${quoted(given)} is not allowed`;
        return {
          path: `.${tag}`,
          what: `${is}: allowed are ${[...kinds.keys()].join(', ')}${why}`,
        };
      }
    }
  }

  #ofList(value: unknown, of: Shape): Misfit | undefined {
    if (!Array.isArray(value)) return not('a list', value);
    for (let at = 0; at < value.length; at += 1) {
      const misfit = this.misfit(value[at], of);
      if (misfit) return within(`[${at}]`, misfit);
    }
    return undefined;
  }

  #ofObject(value: unknown, shape: ObjectShape): Misfit | undefined {
    if (!isObject(value) || Array.isArray(value)) return not('an object', value);
    for (const name in value) {
      const member = value[name];
      const known = shape.members.get(name);
      if (member === null) {
        if (!shape.nullable.has(name)) this.#drop(value, name);
      } else if (known !== undefined) {
        const misfit = known === 'anything' ? undefined : this.misfit(member, known);
        if (misfit) return within(`.${name}`, misfit);
      } else if (shape.droppedIfIdle.has(name) && isIdle(member)) {
        this.#drop(value, name);
      } else if (this.passUnknown && shape.isOpen) {
        this.passesUnknown = true;
      } else {
        const allowed = [...shape.members.keys()].join(', ');
        return {
          path: `.${shortName(name)}`,
          what: `is not a field of this object: allowed are ${allowed}${shape.isOpen ? `. ${PASSES}` : ''}`,
        };
      }
    }
    return undefined;
  }

  #drop(value: object, name: string): void {
    this.drops ??= new Map();
    const names = this.drops.get(value);
    if (names) names.add(name);
    else this.drops.set(value, new Set([name]));
  }
}

function isList(shape: Shape): boolean {
  return typeof shape === 'object' && shape.is === 'list';
}

function not(expected: string, value: unknown): Misfit {
  const given = Array.isArray(value) ? 'a list' : isObject(value) ? 'an object' : quoted(value);
  return { path: '', what: `must be ${expected}, not ${given}` };
}

function within(path: string, { path: inner, what }: Misfit): Misfit {
  return { path: path + inner, what };
}

/** A plain name as it is: it becomes part of a path. */
function shortName(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : shortened(quoted(name), 64);
}
