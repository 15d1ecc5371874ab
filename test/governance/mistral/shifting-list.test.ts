import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listShifting } from '../../../governance/mistral/shifting-list.js';

interface Row {
  readonly id: string;
}

const LIMIT = 5;
const rowsOf = (count: number): Row[] =>
  Array.from({ length: count }, (_, id) => ({ id: `${id}` }));

/** Lists `rows` in pages; `between` changes them after each page. */
async function list(
  rows: Row[],
  between: (page: number) => void = () => {},
  turnsUntilRead: readonly number[] = [0],
) {
  const yielded: string[] = [];
  const offsets: number[] = [];
  const listing = listShifting(async (offset, size) => {
    offsets.push(offset);
    const read = offsets.length;
    for (let turn = turnsUntilRead[read % turnsUntilRead.length] ?? 0; turn > 0; turn -= 1) {
      await undefined;
    }
    const page = rows.slice(offset, offset + size);
    between(read);
    return page;
  }, LIMIT);
  for await (const { id } of listing) yielded.push(id);
  return { yielded, offsets };
}

const ids = (rows: readonly Row[]) => rows.map(({ id }) => id);

test.each([0, 1, 4, 5, 6, 9, 10, 11, 103])(
  'lists %i rows, each once and in order',
  async (count) => {
    expect((await list(rowsOf(count))).yielded).toEqual(ids(rowsOf(count)));
  },
);

test('reads on from the last row seen, one page ahead once there is more than one', async () => {
  expect((await list(rowsOf(11))).offsets).toEqual([0, 4, 8, 12]);
  expect((await list(rowsOf(4))).offsets).toEqual([0]);
});

test('a row deleted between two pages, wherever it was, costs no other row', async () => {
  for (let page = 1; page <= 4; page += 1) {
    for (let position = 0; position < 17; position += 1) {
      const rows = rowsOf(17);
      const { yielded } = await list(rows, (read) => {
        if (read === page) rows.splice(position, 1);
      });
      expect(new Set(yielded).size).toBe(yielded.length);
      expect(yielded).toEqual(expect.arrayContaining(ids(rows)));
    }
  }
});

test('a purge of nearly everything between two pages costs no surviving row', async () => {
  const rows = rowsOf(60);
  const { yielded } = await list(rows, (read) => {
    if (read === 8) rows.splice(0, 55);
  });
  expect(yielded).toEqual(expect.arrayContaining(['55', '56', '57', '58', '59']));
  expect(new Set(yielded).size).toBe(yielded.length);
});

test('rows created at the top are listed at most once and duplicate none', async () => {
  const rows = rowsOf(17);
  const { yielded } = await list(rows, (read) => {
    if (read < 4) rows.unshift({ id: `new ${read}` }, { id: `newer ${read}` });
  });
  expect(yielded).toEqual(ids(rowsOf(17)));
});

const ChangeArbitrary = fc.record({
  kind: fc.constantFrom('delete', 'delete', 'insert at the top', 'insert at the end'),
  at: fc.nat({ max: 1000 }),
  count: fc.integer({ min: 1, max: 6 }),
});

test('no surviving row is lost or duplicated by deletions and creations between pages', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.array(ChangeArbitrary, { maxLength: 3 }), { maxLength: 12 }),
      fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 5 }),
      async (count, changes, turnsUntilRead) => {
        const rows = rowsOf(count);
        let created = 0;
        const { yielded } = await list(
          rows,
          (read) => {
            for (const { kind, at, count } of changes[read - 1] ?? []) {
              if (kind === 'delete') rows.splice(at % (rows.length + 1), count);
              else if (created < 9 * LIMIT) {
                created += 1;
                const row = { id: `new ${created}` };
                if (kind === 'insert at the top') rows.unshift(row);
                else rows.push(row);
              }
            }
          },
          turnsUntilRead,
        );
        const survivors = ids(rows).filter((id) => !id.startsWith('new'));
        expect(new Set(yielded).size).toBe(yielded.length);
        expect(yielded).toEqual(expect.arrayContaining(survivors));
      },
    ),
    { numRuns: 1000 },
  );
});

test('a page longer than requested is used, and the listing goes on after it', async () => {
  const rows = rowsOf(100_003);
  const yielded: string[] = [];
  const offsets: number[] = [];
  const listing = listShifting(async (offset) => {
    offsets.push(offset);
    return rows.slice(offset, offset + 100_000);
  }, 100);
  for await (const { id } of listing) yielded.push(id);
  expect(yielded).toHaveLength(100_003);
  expect(offsets).toEqual([0, 99_999]);
});

test.each([
  ['the offset', () => rowsOf(100)],
  ['the offset and the limit', () => rowsOf(5000)],
  ['offsets beyond a wall', (offset: number) => rowsOf(400).slice(Math.min(offset, 300))],
])('fails on a server that ignores %s', async (_name, pageAt: (offset: number) => Row[]) => {
  let pages = 0;
  const listing = listShifting(async (offset) => {
    pages += 1;
    return pageAt(offset);
  }, 100);
  await expect(async () => {
    for await (const _row of listing);
  }).rejects.toThrow(/seems to ignore the offset/);
  expect(pages).toBeLessThanOrEqual(15);
});

test('a consumer that needs no second page causes none', async () => {
  let pages = 0;
  const listing = listShifting(async (offset, limit) => {
    pages += 1;
    return rowsOf(50).slice(offset, offset + limit);
  }, LIMIT);
  for await (const { id } of listing) if (id === '4') break;
  expect(pages).toBe(1);
});

test('a page read ahead that is not needed may fail', async () => {
  const listing = listShifting(async (offset, limit) => {
    if (offset >= 12) throw new Error('beyond the end');
    return rowsOf(11).slice(offset, offset + limit);
  }, LIMIT);
  const yielded: string[] = [];
  for await (const { id } of listing) yielded.push(id);
  expect(yielded).toHaveLength(11);
});

test('fails on the page that is needed and fails', async () => {
  const listing = listShifting(async (offset, limit) => {
    if (offset === 8) throw new Error('page lost');
    return rowsOf(50).slice(offset, offset + limit);
  }, LIMIT);
  await expect(async () => {
    for await (const _row of listing);
  }).rejects.toThrow('page lost');
});
