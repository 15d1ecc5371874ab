import { MistralResponseError } from '../platform/errors.js';

/** Rows from `offset` on, `limit` of them or fewer at the end of the list. */
export type ReadPage<Row> = (offset: number, limit: number) => Promise<readonly Row[]>;

const FRUITLESS_PAGES = 10;

/**
 * Every row of a list that changes meanwhile, each id once. A deleted row moves all later
 * ones up, past the offset to be read next: so each page must hold a row already seen, or it is
 * read again from further up. An inserted row moves them down: those already seen are skipped.
 */
export function listShifting<Row extends { readonly id: string }>(
  readPage: ReadPage<Row>,
  limit: number,
): AsyncIterableIterator<Row> {
  return eachRow(listNew(readPage, limit));
}

/** The rows of each page that no page before it had. */
async function* listNew<Row extends { readonly id: string }>(
  readOnePage: ReadPage<Row>,
  limit: number,
): AsyncGenerator<readonly Row[], undefined> {
  const readPage = readAhead(readOnePage, limit);
  const seen = new Set<string>();
  let offset = 0;
  let fruitlessRows = 0;
  while (true) {
    const page = await readPage(offset);
    if (offset > 0 && !page.some(({ id }) => seen.has(id))) {
      offset = Math.max(0, offset - limit);
      continue;
    }
    const seenBefore = seen.size;
    yield page.filter(({ id }) => seen.size < seen.add(id).size);
    if (page.length < limit) return;
    fruitlessRows = seen.size > seenBefore ? 0 : fruitlessRows + page.length;
    // Real inserts would have to outnumber all rows seen to have this effect.
    if (fruitlessRows >= Math.max(FRUITLESS_PAGES * limit, seen.size)) {
      throw new MistralResponseError(
        `the list repeats itself: ${fruitlessRows} rows up to offset ${offset} had nothing new, so the server seems to ignore the offset`,
      );
    }
    offset += page.length - 1;
  }
}

/** One by one, as a generator would; but a generator takes as long for a row as parsing it does. */
function eachRow<Row>(
  pages: AsyncGenerator<readonly Row[], undefined>,
): AsyncIterableIterator<Row> {
  let page: Iterator<Row, undefined> = [].values();
  const rows: AsyncIterableIterator<Row, undefined> = {
    async next() {
      while (true) {
        const row = page.next();
        if (!row.done) return row;
        const read = await pages.next();
        if (read.done) return read;
        page = read.value.values();
      }
    },
    async return() {
      await pages.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => rows,
  };
  return rows;
}

/**
 * Requests the page after the one that is read, once the list proves longer than a page. That
 * it may be older than the page before it does no harm: a row that survives is in both.
 */
function readAhead<Row>(
  readPage: ReadPage<Row>,
  limit: number,
): (offset: number) => Promise<readonly Row[]> {
  let ahead: { readonly offset: number; readonly page: Promise<readonly Row[]> } | undefined;
  let readsAhead = false;
  return async (offset) => {
    const asked = ahead?.offset === offset ? ahead.page : readPage(offset, limit);
    ahead = undefined;
    if (readsAhead) {
      const next = offset + limit - 1;
      ahead = { offset: next, page: readPage(next, limit) };
      ahead.page.catch(() => {}); // it may never be needed
    }
    const page = await asked;
    // A server that ignores the limit would send everything twice at once.
    readsAhead = page.length === limit;
    return page;
  };
}
