import { overlap } from './caller-patterns.js';

/** Finds patterns of callers without comparing each with all. */
export interface PatternIndex<Item> {
  /** Those that some ARN matches as well as the pattern, in no order. */
  overlapping(pattern: string): Item[];
}

/** Two patterns overlap only where the beginning of one, up to its first `*`, begins with that of the other. */
export function createPatternIndex<Item extends { readonly pattern: string }>(
  items: readonly Item[],
): PatternIndex<Item> {
  const byStart = new Map<string, Item[]>();
  for (const item of items) {
    const start = startOf(item.pattern);
    const same = byStart.get(start);
    if (same) same.push(item);
    else byStart.set(start, [item]);
  }
  const starts = [...byStart.keys()].sort();
  const lengths = [...new Set(starts.map(({ length }) => length))];

  function* candidates(pattern: string): Generator<Item> {
    const start = startOf(pattern);
    for (const length of lengths) {
      if (length <= start.length) yield* byStart.get(start.slice(0, length)) ?? [];
    }
    for (let at = firstAfter(starts, start); starts[at]?.startsWith(start); at += 1) {
      yield* byStart.get(starts[at] ?? '') ?? [];
    }
  }
  return {
    overlapping: (pattern) =>
      [...candidates(pattern)].filter((item) => overlap(item.pattern, pattern)),
  };
}

function startOf(pattern: string): string {
  return pattern.split('*', 1)[0] ?? '';
}

/** The place of the first of the sorted texts that comes after one. */
function firstAfter(sorted: readonly string[], text: string): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? '') > text) to = middle;
    else from = middle + 1;
  }
  return from;
}
