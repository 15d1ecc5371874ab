import { DOCUMENTED, MEMBERS, type SchemaName } from './api-members.js';

/** What a value of a request may be. Of all else, such as numbers and their ranges, Mistral judges. */
export type Shape =
  | 'anything'
  | 'text'
  | ListShape
  | TextOr
  | OneOrMore
  | ObjectShape
  | TaggedShape;

interface ListShape {
  readonly is: 'list';
  readonly of: Shape;
}

/** A text, or something else that says more. */
interface TextOr {
  readonly is: 'text or';
  readonly other: Shape;
}

/** One, or a list of them; of lists, a list of lists. */
interface OneOrMore {
  readonly is: 'one or more';
  readonly of: Shape;
}

export interface ObjectShape {
  readonly is: 'object';
  readonly members: ReadonlyMap<string, Shape>;
  /** Members that may be null: all others are left out if they are, which means the same. */
  readonly nullable: ReadonlySet<string>;
  /** Of OpenAI's objects: left out where they are empty. */
  readonly droppedIfIdle: ReadonlySet<string>;
  /** Whether the policy may let members pass that are not in the schema. */
  readonly isOpen: boolean;
}

/** One of several objects: a member says which. */
export interface TaggedShape {
  readonly is: 'tagged';
  readonly tag: string;
  readonly kinds: ReadonlyMap<string, ObjectShape>;
  /** The kind of an object that does not say, where the API tells it then. */
  readonly usual: (value: Readonly<Record<string, unknown>>) => string | undefined;
  /** Whether the policy may let other kinds pass, and why not. */
  readonly others: 'may pass' | string;
}

type Inner = Readonly<Record<string, Shape>>;

export function closed(schema: SchemaName, inner: Inner = {}): ObjectShape {
  const given = `${MEMBERS[schema]} ${DOCUMENTED[schema] ?? ''}`.trim().split(' ');
  return {
    is: 'object',
    members: new Map(given.map(plainName).map((name) => [name, inner[name] ?? 'anything'])),
    nullable: new Set(given.filter((name) => name.endsWith('?')).map(plainName)),
    droppedIfIdle: NONE,
    isOpen: false,
  };
}

export function open(schema: SchemaName, inner: Inner = {}): ObjectShape {
  return { ...closed(schema, inner), isOpen: true };
}

function plainName(name: string): string {
  return name.replace('?', '');
}

export const list = (of: Shape): Shape => ({ is: 'list', of });
export const textOr = (other: Shape): Shape => ({ is: 'text or', other });
export const oneOrMore = (of: Shape): Shape => ({ is: 'one or more', of });
export const NONE: ReadonlySet<string> = new Set();

export const saysItself = () => undefined;

export function parts(
  kinds: Readonly<Record<string, ObjectShape>>,
  others: TaggedShape['others'],
  usual: TaggedShape['usual'] = saysItself,
): Shape {
  return { is: 'tagged', tag: 'type', kinds: new Map(Object.entries(kinds)), usual, others };
}

/** The kind that has a member which no other kind has: the API asks for no `type` where nothing else discriminates. */
export function kindBy(members: Readonly<Record<string, string>>): TaggedShape['usual'] {
  const known = Object.entries(members);
  return (value) => known.find(([member]) => (value[member] ?? null) !== null)?.[1];
}
