import { addCounts, type LedgerCounts, type LedgerRow, type LedgerSubject } from './ledger-row.js';

/** Of one workspace's UTC day, by one process: it alone writes the page. */
export interface PageKey {
  readonly workspaceId: string;
  /** `2026-11-29`, in UTC. */
  readonly day: string;
  readonly holderId: string;
  /** Of several pages of this process, from zero on. */
  readonly page: number;
}

/** Sums of a whole page: to write it twice, or after a newer one, changes nothing. */
export interface PageWrite {
  readonly key: PageKey;
  /** Rises with every write of the page. */
  readonly sequence: number;
  readonly rows: readonly LedgerRow[];
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

interface Entry {
  readonly subject: LedgerSubject;
  readonly counts: Mutable<LedgerCounts>;
}

/**
 * A write costs by the kilobyte, so a page with its keys has one. One that is full is left as it is,
 * and what its subjects use later stands in the next one: a subject may be on many pages.
 */
const MOST_BYTES = 850;
/** Of the counts of a row with large numbers, and its punctuation. */
const COUNTS_BYTES = 90;

/** The part of the ledger that one write replaces as a whole. */
export class LedgerPage {
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #changes = 0;
  #written = 0;
  #sequence = 0;
  #hasSettled = false;

  constructor(readonly key: PageKey) {}

  /** Whether there was room for it. The first row may be of any length. */
  add(subject: LedgerSubject, counts: LedgerCounts): boolean {
    const known = this.#entries.find((entry) => isSame(entry.subject, subject));
    if (known) {
      addCounts(known.counts, counts);
    } else {
      const bytes = lengthOf(subject) + COUNTS_BYTES;
      if (this.#bytes + bytes > MOST_BYTES && this.#entries.length > 0) return false;
      this.#bytes += bytes;
      this.#entries.push({ subject, counts: { ...counts } });
    }
    this.#changes += 1;
    this.#hasSettled ||= subject.code === '';
    return true;
  }

  get isDue(): boolean {
    return this.#written < this.#changes;
  }

  /** Whether it has something to write besides refusals, which may wait. */
  get isUrgent(): boolean {
    return this.isDue && this.#hasSettled;
  }

  /** Writes all rows as they are now. Throws as `write` does, and is due then as before. */
  async writeTo(write: (page: PageWrite) => Promise<void>): Promise<void> {
    const changes = this.#changes;
    this.#sequence += 1;
    const rows = this.#entries.map(({ subject, counts }) => ({ ...subject, ...counts }));
    await write({ key: this.key, sequence: this.#sequence, rows });
    this.#written = Math.max(this.#written, changes);
    if (!this.isDue) this.#hasSettled = false;
  }
}

function lengthOf({ caller, role, model, endpoint, code }: LedgerSubject): number {
  return Buffer.byteLength(caller + role + model + endpoint + code);
}

function isSame(one: LedgerSubject, other: LedgerSubject): boolean {
  return (
    one.caller === other.caller &&
    one.model === other.model &&
    one.endpoint === other.endpoint &&
    one.role === other.role &&
    one.tier === other.tier &&
    one.code === other.code
  );
}
