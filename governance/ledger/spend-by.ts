import { addDays, daysBetween, type IsoDate } from '../platform/utc-day.js';
import { addCounts, type LedgerCounts, type LedgerRow, NO_COUNTS } from './ledger-row.js';

/** By what spend is added up. */
export const DIMENSIONS = ['caller', 'role', 'model', 'endpoint', 'workspace', 'team'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Whose rows they are. */
export interface LedgerOwner {
  readonly name: string;
  readonly team: string;
}

/** What one caller, role, model, endpoint, workspace or team used. */
export interface Spender extends LedgerCounts {
  readonly name: string;
  /** Requests that were refused, by code; they are not in `requests`. */
  readonly refused: Readonly<Record<string, number>>;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };
type Sum = Mutable<LedgerCounts> & {
  readonly name: string;
  readonly refused: Record<string, number>;
};

/** Adds rows up, in memory that grows with the number of names alone. */
export class SpendSums {
  readonly #sums = new Map<string, Sum>();

  constructor(private readonly by: Dimension) {}

  add(row: LedgerRow, owner: LedgerOwner): void {
    const name = nameOf(this.by, row, owner);
    let sum = this.#sums.get(name);
    if (!sum) {
      sum = { name, refused: {}, ...NO_COUNTS };
      this.#sums.set(name, sum);
    }
    if (row.code === '') addCounts(sum, row);
    else sum.refused[row.code] = (sum.refused[row.code] ?? 0) + row.requests;
  }

  /** What most was spent by first; of those who spent nothing, the one with most requests. */
  spenders(): readonly Spender[] {
    return [...this.#sums.values()].sort(
      (one, other) =>
        other.costNanos - one.costNanos ||
        other.requests - one.requests ||
        (one.name < other.name ? -1 : 1),
    );
  }
}

function nameOf(by: Dimension, row: LedgerRow, { name, team }: LedgerOwner): string {
  if (by === 'workspace') return name;
  if (by === 'team') return team;
  return row[by] || '(unknown)';
}

/** All of them together; of refused ones, the codes. */
export function totalOf(name: string, spenders: readonly Spender[]): Spender {
  const total: Sum = { name, refused: {}, ...NO_COUNTS };
  for (const spender of spenders) {
    addCounts(total, spender);
    for (const [code, count] of Object.entries(spender.refused))
      total.refused[code] = (total.refused[code] ?? 0) + count;
  }
  return total;
}

/** Days from one to another, both included. */
export interface Period {
  readonly from: IsoDate;
  readonly to: IsoDate;
}

/** As many days, ending on the day before. */
export function periodBefore({ from, to }: Period): Period {
  const before = addDays(from, -1);
  return { from: addDays(before, -daysBetween(from, to)), to: before };
}

export function daysOf({ from, to }: Period): readonly IsoDate[] {
  return Array.from({ length: daysBetween(from, to) + 1 }, (_, day) => addDays(from, day));
}
