import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLedger, type LedgerEntry } from '../../../governance/ledger/ledger.js';
import type { PageWrite } from '../../../governance/ledger/ledger-page.js';
import { type LedgerRow, NO_COUNTS } from '../../../governance/ledger/ledger-row.js';
import { createFakeLedgerStore } from '../../../testing/fakes/ledger-store.js';

const NOW = Date.parse('2026-11-29T23:59:00Z');
const SUBJECT = {
  caller: 'arn:aws:iam::111122223333:role/checkout-service',
  role: 'developer',
  model: 'mistral-small-2603',
  endpoint: '/v1/chat/completions',
  tier: 'standard',
  code: '',
} as const;
const REFUSED_ONCE = { ...NO_COUNTS, requests: 1 };
const REFUSED = { ...SUBJECT, code: 'budget_exhausted' };

function anEntry(change: Partial<LedgerEntry> = {}): LedgerEntry {
  const counts = { ...NO_COUNTS, requests: 1, promptTokens: 10, costNanos: 1000 };
  return { workspaceId: 'w1', atMs: NOW, subject: SUBJECT, counts, ...change };
}

function world(write?: (page: PageWrite, store: PageWriter) => Promise<void>) {
  const store = createFakeLedgerStore();
  const clock = { nowMs: NOW };
  const reported: unknown[] = [];
  const ledger = createLedger({
    holderId: 'one',
    write: (page) => (write ? write(page, store.write) : store.write(page)),
    nowMs: () => clock.nowMs,
    report: (error) => reported.push(error),
  });
  return { store, clock, ledger, reported };
}

type PageWriter = (page: PageWrite) => Promise<void>;

function rowsIn({ pages }: { readonly pages: ReadonlyMap<string, PageWrite> }): LedgerRow[] {
  return [...pages.values()].flatMap(({ rows }) => rows);
}

const requestsIn = (rows: readonly LedgerRow[]) =>
  rows.reduce((sum, { requests }) => sum + requests, 0);

test('requests of one subject are one row, in one item', async () => {
  const { ledger, store } = world();
  for (let at = 0; at < 50; at += 1) {
    ledger.record(anEntry());
    await ledger.flush();
  }
  expect(rowsIn(store)).toEqual([
    { ...SUBJECT, ...NO_COUNTS, requests: 50, promptTokens: 500, costNanos: 50_000 },
  ]);
  expect(store.writes()).toBe(50);
});

test('nothing new is no write', async () => {
  const { ledger, store } = world();
  ledger.record(anEntry());
  await ledger.flush();
  await ledger.flush();
  await ledger.close();
  expect(store.writes()).toBe(1);
});

test('a request counts on the day on which it reserved, also after midnight', async () => {
  const { ledger, store, clock } = world();
  clock.nowMs = NOW + 120_000;
  ledger.record(anEntry());
  ledger.record(anEntry({ atMs: clock.nowMs }));
  await ledger.flush();
  expect([...store.pages.keys()].sort()).toEqual(['w1#2026-11-29#one#0', 'w1#2026-11-30#one#0']);
});

test('many callers fill pages of one kilobyte, each written once it is full', async () => {
  const { ledger, store } = world();
  for (let at = 0; at < 1000; at += 1) {
    ledger.record(anEntry({ subject: { ...SUBJECT, caller: `${SUBJECT.caller}-${at}` } }));
    await ledger.flush();
  }
  expect(requestsIn(rowsIn(store))).toBe(1000);
  expect(store.writes()).toBe(1000); // one for each flush, never more
  for (const { rows } of store.pages.values()) {
    expect(JSON.stringify(rows.map((row) => Object.values(row))).length).toBeLessThan(1000);
  }
});

test('a caller with the longest ARN has a page of its own', async () => {
  const { ledger, store } = world();
  for (const letter of ['a', 'b']) {
    ledger.record(anEntry({ subject: { ...SUBJECT, caller: letter.repeat(2048) } }));
  }
  await ledger.flush();
  expect(rowsIn(store).map(({ caller }) => caller.length)).toEqual([2048, 2048]);
  expect(store.pages.size).toBe(2);
});

describe('refusals', () => {
  const refuse = () => anEntry({ subject: REFUSED, counts: REFUSED_ONCE });

  test('in a storm are one write a minute', async () => {
    const { ledger, store, clock } = world();
    for (let second = 0; second < 180; second += 1) {
      clock.nowMs = NOW + second * 1000;
      ledger.record(anEntry({ ...refuse(), atMs: clock.nowMs }));
      await ledger.flush();
    }
    expect(store.writes()).toBeLessThanOrEqual(4);
    await ledger.close();
    expect(requestsIn(rowsIn(store))).toBe(180);
  });

  test('are written with what is settled', async () => {
    const { ledger, store } = world();
    ledger.record(refuse());
    ledger.record(anEntry());
    await ledger.flush();
    expect(rowsIn(store).map(({ code, requests }) => [code, requests])).toEqual([
      ['budget_exhausted', 1],
      ['', 1],
    ]);
    expect(store.writes()).toBe(1);
  });
});

test('days that are over are forgotten, and lose nothing', async () => {
  const { ledger, store, clock } = world();
  for (let day = 0; day < 400; day += 1) {
    clock.nowMs = NOW + day * 86_400_000;
    ledger.record(anEntry({ atMs: clock.nowMs }));
    await ledger.flush();
  }
  await ledger.close();
  expect(requestsIn(rowsIn(store))).toBe(400);
  expect(new Set([...store.pages.values()].map(({ key }) => key.day)).size).toBe(400);
});

test('each request is counted once in the end, if writes are lost, late or unanswered', async () => {
  const fates = fc.constantFrom('arrives', 'is lost', 'arrives unanswered', 'arrives late');
  const step = fc.record({
    workspace: fc.constantFrom('w1', 'w2'),
    caller: fc.integer({ min: 0, max: 9 }),
    isRefused: fc.boolean(),
    laterMs: fc.constantFrom(0, 500, 61_000),
    flushes: fc.integer({ min: 0, max: 2 }),
    fate: fates,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const late: (() => Promise<void>)[] = [];
      let fate: string = 'arrives';
      const { ledger, store, clock } = world(async (page, write) => {
        if (fate === 'is lost') throw new Error('timeout');
        if (fate === 'arrives late') {
          late.push(() => write(page));
          throw new Error('timeout');
        }
        await write(page);
        if (fate === 'arrives unanswered') throw new Error('timeout');
      });
      const expected = new Map<string, number>();
      for (const { workspace, caller, isRefused, laterMs, flushes, ...one } of steps) {
        clock.nowMs += laterMs;
        fate = one.fate;
        const subject = { ...(isRefused ? REFUSED : SUBJECT), caller: `caller-${caller}` };
        const counts = isRefused ? REFUSED_ONCE : anEntry().counts;
        ledger.record({ workspaceId: workspace, atMs: clock.nowMs, subject, counts });
        const name = `${workspace} ${subject.caller} ${subject.code}`;
        expected.set(name, (expected.get(name) ?? 0) + 1);
        await Promise.all(Array.from({ length: flushes }, () => ledger.flush()));
        if (caller === 0) await late.shift()?.();
      }
      fate = 'arrives';
      await ledger.close();
      for (const arrive of late) await arrive();
      const counted = new Map<string, number>();
      for (const { key, rows } of store.pages.values()) {
        for (const { caller, code, requests } of rows) {
          const name = `${key.workspaceId} ${caller} ${code}`;
          counted.set(name, (counted.get(name) ?? 0) + requests);
        }
      }
      expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
    }),
    { numRuns: 300 },
  );
});
