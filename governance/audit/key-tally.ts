import type { ListedKey } from '../mistral/mistral.js';
import type { IsoDate } from '../platform/utc-day.js';

/** How many findings of one type a workspace gets before they become one. */
export const GROUP_LIMIT = 50;

/** The day or instant that something counts from, the same kind for all keys of a tally. */
export type Basis = IsoDate | number;

export interface TalliedKey {
  readonly key: ListedKey;
  readonly basis: Basis;
}

/** Keys that are alike: how many, which came first, and no more of them than may be shown. */
export interface KeyTally {
  readonly shown: TalliedKey[];
  oldest: TalliedKey | undefined;
  count: number;
}

export function createKeyTally(): KeyTally {
  return { shown: [], oldest: undefined, count: 0 };
}

export function addToTally(tally: KeyTally, key: ListedKey, basis: Basis): void {
  tally.count += 1;
  const isOldest = !tally.oldest || basis < tally.oldest.basis;
  if (!isOldest && tally.shown.length >= GROUP_LIMIT) return;
  const entry = { key, basis };
  if (isOldest) tally.oldest = entry;
  if (tally.shown.length < GROUP_LIMIT) tally.shown.push(entry);
}
