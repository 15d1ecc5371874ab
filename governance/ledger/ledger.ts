import { mapBounded } from '../platform/map-bounded.js';
import { DAY_MS, utcDay } from '../platform/utc-day.js';
import { LedgerPage, type PageWrite } from './ledger-page.js';
import type { LedgerCounts, LedgerSubject } from './ledger-row.js';

/** One request, or a correction of what one was settled at. */
export interface LedgerEntry {
  readonly workspaceId: string;
  /** When it reserved: by that it counts in the windows of the quotas, too. */
  readonly atMs: number;
  readonly subject: LedgerSubject;
  readonly counts: LedgerCounts;
}

/** Who used what: the same amounts as in the quotas, by caller, model and endpoint. */
export interface Ledger {
  /** Into memory, where it waits for `flush`. */
  record(entry: LedgerEntry): void;
  /** Writes what was settled since the last one. Never fails: what could not be written stays due. */
  flush(): Promise<void>;
  /** Writes all, refusals too. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  /** Unique for every process. */
  readonly holderId: string;
  readonly write: (page: PageWrite) => Promise<void>;
  readonly nowMs: () => number;
  /** Called for every page that could not be written, which will be repeated. */
  readonly report: (error: unknown) => void;
  /** For processes that are never frozen. @default only `flush` writes */
  readonly flushEverySeconds?: number | undefined;
}

const WRITES_AT_ONCE = 16;
/** A storm of refused requests costs one write in so long. */
const REFUSALS_EVERY_MS = 60_000;
const CLOSING_FLUSHES = 3;
const DAYS_KEPT = 2;

export function createLedger(options: LedgerOptions): Ledger {
  const { holderId, write, nowMs, report, flushEverySeconds } = options;
  /** The pages that take more rows: by day, counted since 1970, and workspace. */
  const open = new Map<number, Map<string, LedgerPage>>();
  /** Those that were left full, until they are written. */
  const full = new Set<LedgerPage>();
  let writing: Promise<void> | undefined;
  let refusalsWrittenMs = nowMs();

  function pagesOf(day: number): Map<string, LedgerPage> {
    let pages = open.get(day);
    if (!pages) {
      pages = new Map();
      open.set(day, pages);
    }
    return pages;
  }

  function record({ workspaceId, atMs, subject, counts }: LedgerEntry): void {
    const today = dayOf(nowMs());
    const day = Math.max(dayOf(atMs), today - DAYS_KEPT);
    const pages = pagesOf(day);
    let page = pages.get(workspaceId);
    if (page?.add(subject, counts)) return;
    if (page?.isDue) full.add(page);
    const number = page ? page.key.page + 1 : 0;
    page = new LedgerPage({ workspaceId, day: textOf(day), holderId, page: number });
    page.add(subject, counts);
    pages.set(workspaceId, page);
  }

  async function flush(hasRefusals = nowMs() - refusalsWrittenMs >= REFUSALS_EVERY_MS) {
    while (writing) await writing; // what was recorded since it began is not in it
    const due: LedgerPage[] = [];
    const gather = (page: LedgerPage) => {
      if (hasRefusals ? page.isDue : page.isUrgent) due.push(page);
    };
    for (const page of full) gather(page);
    for (const pages of open.values()) for (const page of pages.values()) gather(page);
    if (hasRefusals) {
      refusalsWrittenMs = nowMs();
      forgetOldDays();
    }
    if (due.length === 0) return;
    writing = mapBounded(due, WRITES_AT_ONCE, writePage).then(() => {
      writing = undefined;
    });
    await writing;
  }

  async function writePage(page: LedgerPage): Promise<void> {
    try {
      await page.writeTo(write);
      if (!page.isDue) full.delete(page);
    } catch (error) {
      report(error);
    }
  }

  /** No request takes so long that it would still be settled in them. */
  function forgetOldDays(): void {
    for (const [day, pages] of open) {
      if (day >= dayOf(nowMs()) - DAYS_KEPT) continue;
      for (const page of pages.values()) if (page.isDue) full.add(page);
      open.delete(day);
    }
  }

  const timer =
    flushEverySeconds && setInterval(() => void flush(), flushEverySeconds * 1000).unref();

  return {
    record,
    flush: () => flush(),

    async close() {
      if (timer) clearInterval(timer);
      for (let flushes = 0; flushes < CLOSING_FLUSHES; flushes += 1) await flush(true);
    },
  };
}

function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

function textOf(day: number): string {
  return utcDay(new Date(day * DAY_MS));
}
