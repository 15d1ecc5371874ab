/**
 * A member at the top of an answer whose value matters. `error` stands for all that only errors of Mistral's have, and
 * `text` for what a model wrote in an event of a conversation.
 */
export type MemberKind = 'usage' | 'object' | 'error' | 'text' | undefined;

const NAMES = [
  'usage',
  'usage_info',
  'object',
  'error',
  'detail',
  'message',
  'content',
  'arguments',
];
const MEMBERS: readonly MemberKind[] = [
  'usage',
  'usage',
  'object',
  'error',
  'error',
  'error',
  'text',
  'text',
];
const NAMES_IN_BYTES = NAMES.map((name) => Buffer.from(name));

export function memberNamed(bytes: Buffer, start: number, end: number): MemberKind {
  for (let at = 0; at < NAMES.length; at += 1) {
    const name = NAMES_IN_BYTES[at] as Buffer;
    if (name.length === end - start && isAt(bytes, start, name)) return MEMBERS[at];
  }
  return undefined;
}

function isAt(bytes: Buffer, start: number, name: Buffer): boolean {
  let same = 0;
  while (same < name.length && bytes[start + same] === name[same]) same += 1;
  return same === name.length;
}
