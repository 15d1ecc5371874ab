import type { ListedKey } from '../mistral.js';

/** The oldest of however many keys, as many as there is room for. */
export interface OldestKeys<Entry> {
  add(entry: Entry): void;
  /** The oldest first. */
  kept(): readonly Entry[];
  count(): number;
}

/** A key of unknown age may be the oldest of all. */
export function createOldestKeys<Entry extends { readonly key: ListedKey }>(
  room: number,
): OldestKeys<Entry> {
  let entries: Entry[] = [];
  let count = 0;
  let tooYoung = Number.POSITIVE_INFINITY;

  function tidy(): void {
    entries.sort((one, other) => bornAt(one) - bornAt(other));
    if (entries.length <= room) return;
    entries = entries.slice(0, room);
    tooYoung = bornAt(entries[room - 1]);
  }

  return {
    count: () => count,

    add(entry) {
      count += 1;
      if (bornAt(entry) >= tooYoung) return;
      entries.push(entry);
      if (entries.length >= 2 * room) tidy(); // seldom, so that one more key costs next to nothing
    },

    kept() {
      tidy();
      return entries;
    },
  };
}

function bornAt(entry: { readonly key: ListedKey } | undefined): number {
  return entry?.key.createdAt?.getTime() ?? 0;
}
