import type { ListedKey } from '../../mistral/mistral.js';
import type { KeyMatch } from '../managed-versions.js';

/** A key as listed, and what its name says of it. */
export interface SeenKey {
  readonly key: ListedKey;
  readonly match: KeyMatch;
}

/** The oldest of however many keys, as many as there is room for. */
export interface OldestKeys {
  add(key: ListedKey, match: KeyMatch): void;
  /** The oldest first. */
  kept(): readonly SeenKey[];
  /** Of all that were added. */
  count(): number;
}

/** A key of unknown age may be the oldest of all. */
export function createOldestKeys(room: number): OldestKeys {
  let seen: (SeenKey & { readonly bornAt: number })[] = [];
  let count = 0;
  let tooYoung = Number.POSITIVE_INFINITY;

  function tidy(): void {
    seen.sort((one, other) => one.bornAt - other.bornAt);
    const last = seen[room - 1];
    if (!last || seen.length === room) return;
    seen = seen.slice(0, room);
    tooYoung = last.bornAt;
  }

  return {
    count: () => count,

    add(key, match) {
      count += 1;
      const bornAt = key.createdAt?.getTime() ?? 0;
      if (bornAt >= tooYoung) return;
      seen.push({ key, match, bornAt });
      if (seen.length >= 2 * room) tidy(); // seldom, so that one more key costs next to nothing
    },

    kept() {
      tidy();
      return seen;
    },
  };
}
