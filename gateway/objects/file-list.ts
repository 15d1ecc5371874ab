import {
  jsonAnswer,
  objectsUnavailable,
  type Problem,
  problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import { NO_QUERY, type Query } from '../../governance/metering/query.js';
import type { ObjectRecord } from '../../governance/objects/objects.js';
import type { ObjectCall } from './object-request.js';

/** More is read for no list: some hundred calls to DynamoDB, and a few seconds. */
export const MOST_READ = 50_000;

type Card = ObjectRecord['card'];

/**
 * A caller's own files, the newest first, as they were when they were created. They are read from our own
 * records: Mistral's list has the files of all callers, so that a page of it may have none of this one's.
 */
export async function listFiles(call: ObjectCall): Promise<Problem | WholeAnswer> {
  const { objects, owner, endpoint, deps } = call;
  const query = endpoint.query ?? NO_QUERY;
  const pageSize = Number(oneOf(query, 'page_size') ?? 100);
  const first = Number(oneOf(query, 'page') ?? 0) * pageSize;
  const withTotal = oneOf(query, 'include_total')?.toLowerCase() !== 'false';
  const isWanted = filterOf(query);
  const data: Card[] = [];
  let matched = 0;
  let read = 0;
  try {
    for await (const records of objects.list(owner, 'file')) {
      read += records.length;
      for (const { card } of records) {
        if (!isWanted(card)) continue;
        if (matched >= first && data.length < pageSize) data.push(card);
        matched += 1;
      }
      const isFull = data.length === pageSize;
      if (isFull && !withTotal) break;
      if (read < MOST_READ) continue;
      // The page is right, and nothing says how many there are.
      if (isFull) return list(data, null);
      return problem(
        'invalid_field',
        `this page is beyond the ${MOST_READ} newest files, of which lists are made: delete files, or give them an expiry`,
        { param: 'page' },
      );
    }
  } catch (error) {
    deps.log.warn('files not listed', { error });
    return objectsUnavailable('not read');
  }
  return list(data, withTotal ? matched : null);
}

function list(data: readonly Card[], total: number | null): WholeAnswer {
  return jsonAnswer(200, { data, object: 'list', total });
}

function oneOf(query: Query, name: string): string | undefined {
  return query.get(name)?.[0];
}

function filterOf(query: Query): (card: Card) => boolean {
  const search = oneOf(query, 'search')?.toLowerCase();
  const equal = ['sample_type', 'source', 'purpose', 'mimetypes'].flatMap((name) => {
    const values = query.get(name);
    return values ? [{ member: name === 'mimetypes' ? 'mimetype' : name, values }] : [];
  });
  return (card) =>
    equal.every(({ member, values }) => values.includes(String(card[member]))) &&
    (search === undefined || String(card.filename).toLowerCase().includes(search));
}
