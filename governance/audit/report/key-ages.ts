/** How many keys have an age, in days. */
export interface AgeGroup {
  readonly label: string;
  readonly managed: number;
  readonly other: number;
}

export interface KeyAges {
  add(kind: 'managed' | 'other', ageDays: number | null): void;
  groups(): readonly AgeGroup[];
}

/** Last day of each group; older keys are in one of their own, and so are those of unknown age. */
const UP_TO_DAYS = [7, 30, 60, 90, 180, 365] as const;

/** Counts every key by its age, so that none is missing from the picture however many there are. */
export function createKeyAges(): KeyAges {
  const counts = {
    managed: new Array<number>(UP_TO_DAYS.length + 2).fill(0),
    other: new Array<number>(UP_TO_DAYS.length + 2).fill(0),
  };
  return {
    add(kind, ageDays) {
      const index = indexOf(ageDays);
      counts[kind][index] = (counts[kind][index] ?? 0) + 1;
    },
    groups: () =>
      LABELS.map((label, i) => ({
        label,
        managed: counts.managed[i] ?? 0,
        other: counts.other[i] ?? 0,
      })),
  };
}

const LABELS = [...UP_TO_DAYS.map((days) => `≤ ${days}`), `> ${UP_TO_DAYS.at(-1)}`, 'unknown'];

function indexOf(ageDays: number | null): number {
  if (ageDays === null) return UP_TO_DAYS.length + 1;
  let index = 0;
  while (index < UP_TO_DAYS.length && ageDays > (UP_TO_DAYS[index] ?? 0)) index += 1;
  return index;
}
