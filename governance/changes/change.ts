import type { Phrase } from './phrase.js';

/** Whether anyone may do or spend more than before; `neither` for what changes no access and no budget. */
export type Effect = 'widens' | 'narrows' | 'neither';

export const SECTIONS = ['access', 'limits', 'keys', 'settings'] as const;

/** One thing that a new policy changes, in words. */
export interface Change {
  readonly section: (typeof SECTIONS)[number];
  readonly effect: Effect;
  /** For whom, or of what. */
  readonly subject: Phrase;
  /** What changes, after the subject and a colon. */
  readonly what: Phrase;
  /** Where the new policy says so; empty where it does not any more. */
  readonly path: readonly PropertyKey[];
}

/** Of a limit; `undefined` is none at all. */
export function effectOfLimit(before: number | undefined, after: number | undefined): Effect {
  const [from, to] = [before ?? Number.POSITIVE_INFINITY, after ?? Number.POSITIVE_INFINITY];
  return from === to ? 'neither' : to > from ? 'widens' : 'narrows';
}

/** Of a list of those who may do something. */
export function effectOfLists(removed: readonly unknown[], added: readonly unknown[]): Effect {
  return added.length > 0 ? 'widens' : removed.length > 0 ? 'narrows' : 'neither';
}

/** What is in one list and not in the other; the order of neither counts. */
export function without<Item>(items: readonly Item[], others: readonly Item[]): Item[] {
  const known = new Set(others.map((item) => JSON.stringify(item)));
  return items.filter((item) => !known.has(JSON.stringify(item)));
}
