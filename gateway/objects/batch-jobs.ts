import {
  jsonAnswer,
  objectsUnavailable,
  type Problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import { NO_QUERY, type Query } from '../../governance/metering/query.js';
import { hasEnded } from '../../governance/mistral/batch-jobs.js';
import { isObjectId, type ObjectRecord } from '../../governance/objects/objects.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { cardOf } from './batch-card.js';
import { createJob } from './batch-create.js';
import { answerFor, type ObjectCall, type Operation } from './object-request.js';
import { isProblem, ownObject } from './own-objects.js';

/** By method and path of the table of endpoints. */
export const BATCH_OPERATIONS: Readonly<Record<string, Operation>> = {
  'POST /v1/batch/jobs': createJob,
  'GET /v1/batch/jobs': listJobs,
  'GET /v1/batch/jobs/{id}': async (call) => {
    const { path, query = NO_QUERY } = call.endpoint;
    const record = await ownObject(call, 'batch', call.endpoint.id);
    if (isProblem(record)) return record;
    // Results in the answer make it as long as a file.
    const isInline = oneOf(query, 'inline')?.toLowerCase() === 'true';
    if (isInline)
      return answerFor(await call.passOn(`${path}?inline=true`, 'json'), 'batch', now(call));
    return described(call, record, 'GET', path);
  },
  'POST /v1/batch/jobs/{id}/cancel': async (call) => {
    const record = await ownObject(call, 'batch', call.endpoint.id);
    if (isProblem(record)) return record;
    return described(call, record, 'POST', call.endpoint.path);
  },
};

type Card = ObjectRecord['card'];

/** Jobs of one list that Mistral is asked about: the others are as they were when they were asked about last. */
const MOST_ASKED = 100;
const ASKED_AT_ONCE = 8;
const MOST_READ = 10_000;

function now({ deps }: ObjectCall): Date {
  return deps.now();
}

/** One job, as Mistral describes it now. */
async function described(
  call: ObjectCall,
  record: ObjectRecord,
  method: 'GET' | 'POST',
  path: string,
): Promise<Problem | WholeAnswer | 'delivered' | 'broken off'> {
  const asked = await call.ask({ method, path, body: undefined });
  const answer = answerFor(asked, 'batch', now(call));
  if (asked.kind !== 'answered' || asked.status >= 300) return answer;
  const card = cardOf(parseJson(asked.body.toString('utf8')));
  if (!card) return answer;
  const isNoted = await note(call, record, card);
  return isNoted ? jsonAnswer(200, card) : objectsUnavailable('not read');
}

/** What came of a job is its owner's, too: it must be able to read its results as soon as it knows of them. */
async function note(call: ObjectCall, record: ObjectRecord, card: Card): Promise<boolean> {
  const { objects } = call;
  const { outputs: _, ...kept } = card;
  if (hasEndedIn(record.card) || !hasEndedIn(card)) return true;
  for (const id of [card.output_file, card.error_file]) {
    if (!isObjectId(id)) continue;
    const results = { kind: 'file', id, card: await fileCard(call, id, card) } as const;
    const written = await objects.recordBeside(record, results);
    if (written.kind !== 'recorded') return false;
  }
  const written = await objects.recordBeside(record, { kind: 'batch', id: record.id, card: kept });
  return written.kind === 'recorded';
}

/** As lists of files show it: what Mistral says of it, or else what is known. */
async function fileCard(call: ObjectCall, id: string, { completed_at }: Card): Promise<Card> {
  const path = `/v1/files/${id}`;
  const asked = await call.ask({ method: 'GET', path, body: undefined });
  const said = asked.kind === 'answered' && asked.status < 300 ? asked.body.toString('utf8') : '';
  const card = parseJson(said);
  if (isObject(card) && card.id === id) return card;
  const known = { id, object: 'file', bytes: 0, created_at: completed_at ?? 0, purpose: 'batch' };
  return { ...known, filename: `${id}.jsonl`, sample_type: 'batch_result', source: 'mistral' };
}

function hasEndedIn({ status }: Card): boolean {
  return hasEnded({ status: String(status) });
}

/** A caller's own jobs, from our own records: Mistral's list has the jobs of all callers of the workspace. */
async function listJobs(call: ObjectCall): Promise<Problem | WholeAnswer> {
  const { objects, owner, endpoint, deps } = call;
  const query = endpoint.query ?? NO_QUERY;
  const found: ObjectRecord[] = [];
  try {
    for await (const records of objects.list(owner, 'batch')) {
      found.push(...records.filter(isWanted(query)));
      if (found.length >= MOST_READ) break;
    }
  } catch (error) {
    deps.log.warn('batch jobs not listed', { error });
    return objectsUnavailable('not read');
  }
  if (oneOf(query, 'order_by') === 'created') found.reverse();
  const statuses = query.get('status');
  // To be filtered by their status, all must be known; else, those of the page.
  const size = Number(oneOf(query, 'page_size') ?? 100);
  const first = Number(oneOf(query, 'page') ?? 0) * size;
  const asked = statuses ? found : found.slice(first, first + size);
  const cards = await current(call, asked);
  if (!statuses) return list(cards, found.length);
  const matching = cards.filter(({ status }) => statuses.includes(String(status)));
  return list(matching.slice(first, first + size), matching.length);
}

async function current(call: ObjectCall, records: readonly ObjectRecord[]): Promise<Card[]> {
  const open = records.filter(({ card }) => !hasEndedIn(card)).slice(0, MOST_ASKED);
  const known = new Map<string, Card>();
  await mapBounded(open, ASKED_AT_ONCE, async (record) => {
    const path = `/v1/batch/jobs/${record.id}`;
    const asked = await call.ask({ method: 'GET', path, body: undefined });
    if (asked.kind !== 'answered' || asked.status >= 300) return;
    const card = cardOf(parseJson(asked.body.toString('utf8')));
    if (card && (await note(call, record, card))) known.set(record.id, card);
  });
  return records.map(({ id, card }) => known.get(id) ?? card);
}

function list(data: readonly Card[], total: number): WholeAnswer {
  return jsonAnswer(200, { data, object: 'list', total });
}

function oneOf(query: Query, name: string): string | undefined {
  return query.get(name)?.[0];
}

function isWanted(query: Query): (record: ObjectRecord) => boolean {
  const model = oneOf(query, 'model');
  const createdAfter = oneOf(query, 'created_after');
  const sinceMs = createdAfter === undefined ? 0 : Date.parse(createdAfter);
  return ({ card, createdAtMs }) =>
    createdAtMs >= sinceMs && (model === undefined || card.model === model);
}
