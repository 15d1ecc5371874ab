import { addDays, type IsoDate, startOfDay } from '../../platform/utc-day.js';
import type { InventoryRow } from './inventory-row.js';

export interface RotationWeek {
  /** `overdue`, the Monday it begins with, or `later`. */
  readonly label: string;
  readonly rotations: number;
}

/** A quarter and a week: every key of the default interval has its place. */
const WEEKS = 14;

/** How many keys rotate in each of the weeks to come. */
export function rotationWeeks(rows: readonly InventoryRow[], today: IsoDate): RotationWeek[] {
  const days = rows.flatMap(({ nextRotationOn }) => nextRotationOn ?? []);
  const thisMonday = mondayOf(today);
  const weeks = Array.from({ length: WEEKS }, (_, week) => addDays(thisMonday, 7 * week));
  const end = addDays(thisMonday, 7 * WEEKS);
  const countOf = (from: IsoDate, until: IsoDate) =>
    days.filter((day) => day >= from && day < until).length;
  return [
    { label: 'overdue', rotations: days.filter((day) => day < today).length },
    ...weeks.map((monday) => ({
      label: monday,
      rotations: countOf(monday < today ? today : monday, addDays(monday, 7)),
    })),
    { label: 'later', rotations: days.filter((day) => day >= end).length },
  ];
}

function mondayOf(day: IsoDate): IsoDate {
  const daysSinceMonday = (startOfDay(day).getUTCDay() + 6) % 7;
  return addDays(day, -daysSinceMonday);
}
