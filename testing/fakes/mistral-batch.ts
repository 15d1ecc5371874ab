import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { type HttpAnswer, type HttpCall, jsonAnswer } from './http-server.js';
import type { FakeKey } from './mistral-keys.js';

/** What batch jobs need of a workspace's files. */
export interface BatchFiles {
  /** `undefined` for a file that is not there. */
  read(workspaceId: string, id: string): string | undefined;
  add(
    workspaceId: string,
    file: { readonly filename: string; readonly content: string },
  ): { readonly id: string };
}

const BodySchema = z.record(z.string(), z.unknown());
const RequestSchema = z.strictObject({ custom_id: z.string().nullish(), body: BodySchema });
const CreateSchema = z.strictObject({
  input_files: z.array(z.guid()).nullish(),
  requests: z.array(RequestSchema).max(10_000).nullish(),
  endpoint: z.enum([
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/fim/completions',
    '/v1/moderations',
    '/v1/chat/moderations',
    '/v1/ocr',
    '/v1/classifications',
    '/v1/chat/classifications',
  ]),
  model: z.string().nullish(),
  agent_id: z.string().nullish(),
  metadata: z.record(z.string().min(1).max(32), z.string().min(1).max(512)).nullish(),
  timeout_hours: z.int().min(1).max(168).default(24),
});

export interface FakeBatchJob {
  readonly workspaceId: string;
  readonly key: FakeKey;
  readonly given: z.infer<typeof CreateSchema>;
  readonly createdAt: Date;
  card: Record<string, unknown> & { id: string; status: string };
}

export type FakeBatch = ReturnType<typeof createFakeBatch>;

const ENDED: readonly string[] = ['SUCCESS', 'FAILED', 'TIMEOUT_EXCEEDED', 'CANCELLED'];
const NOT_FOUND = jsonAnswer(404, { detail: 'Batch job not found' });

/**
 * Batch jobs, which run for as long as `runsMs` says once they are created: their lines are answered as
 * requests are, and billed by `infer` at the price of batch jobs.
 */
export function createFakeBatch(
  files: BatchFiles,
  infer: (key: FakeKey, call: HttpCall) => HttpAnswer | undefined,
  now: () => Date,
) {
  const jobs = new Map<string, FakeBatchJob>();
  /** All that was processed, with or without a result that can be read. */
  const used = { promptTokens: 0, completionTokens: 0 };
  const state = { jobs, used, runsMs: 10 * 60_000, answer };
  const seconds = (at: Date) => Math.floor(at.getTime() / 1000);

  function create(key: FakeKey, body: string): HttpAnswer {
    const given = CreateSchema.parse(JSON.parse(body));
    const { workspaceId } = key;
    const inputs = given.input_files ?? [];
    if (inputs.some((id) => files.read(workspaceId, id) === undefined)) return NOT_FOUND;
    if (inputs.length === 0 && !given.requests) {
      return jsonAnswer(422, { detail: 'input_files or requests is missing' });
    }
    const card = {
      id: randomUUID(),
      object: 'batch',
      input_files: inputs,
      metadata: given.metadata ?? null,
      endpoint: given.endpoint,
      model: given.model ?? null,
      agent_id: given.agent_id ?? null,
      output_file: null,
      error_file: null,
      errors: [],
      outputs: null,
      status: 'QUEUED',
      created_at: seconds(now()),
      total_requests: linesOf(workspaceId, given).length,
      completed_requests: 0,
      succeeded_requests: 0,
      failed_requests: 0,
      started_at: null,
      completed_at: null,
    };
    jobs.set(card.id, { workspaceId, key, given, createdAt: now(), card });
    return jsonAnswer(200, card);
  }

  function linesOf(workspaceId: string, given: FakeBatchJob['given']): string[] {
    const inFiles = (given.input_files ?? []).flatMap((id) =>
      (files.read(workspaceId, id) ?? '').split('\n'),
    );
    const all = [...inFiles, ...(given.requests ?? []).map((one) => JSON.stringify(one))];
    return all.filter((line) => line.trim() !== '');
  }

  /** A share of the lines is answered, and the rest never is. */
  function finish(job: FakeBatchJob, status: string, share: number): void {
    const { workspaceId, key, given, card } = job;
    const lines = linesOf(workspaceId, given);
    const results = lines
      .slice(0, Math.floor(lines.length * share))
      .map((line) => resultOf(line, key, given));
    const failed = results.filter(({ response }) => response.status_code !== 200);
    const succeeded = results.filter(({ response }) => response.status_code === 200);
    const file = (name: string, of: readonly unknown[]) =>
      of.length === 0 ? null : files.add(workspaceId, { filename: name, content: textOf(of) }).id;
    Object.assign(card, {
      status,
      output_file: given.requests ? null : file(`${card.id}-output.jsonl`, succeeded),
      error_file: given.requests ? null : file(`${card.id}-errors.jsonl`, failed),
      outputs: given.requests ? results : null,
      completed_requests: results.length,
      succeeded_requests: succeeded.length,
      failed_requests: failed.length,
      completed_at: seconds(now()),
    });
  }

  function resultOf(line: string, key: FakeKey, given: FakeBatchJob['given']) {
    const parsed = RequestSchema.loose().safeParse(parseJson(line));
    const { custom_id = null, body = {} } = parsed.success ? parsed.data : {};
    const call: HttpCall = {
      method: 'POST',
      url: new URL(given.endpoint, 'http://mistral'),
      headers: {},
      body: JSON.stringify({ model: given.model, ...body }),
    };
    const answer = attempt(() => infer(key, call)) ?? jsonAnswer(422, { detail: 'invalid line' });
    const response = { status_code: answer.status, body: parseJson(answer.body) };
    count(response.body);
    const error = answer.status === 200 ? null : { message: 'the request failed' };
    return { id: randomUUID(), custom_id, response, error };
  }

  function count(body: unknown): void {
    const usage = isObject(body) && isObject(body.usage) ? body.usage : {};
    used.promptTokens += Number(usage.prompt_tokens ?? 0);
    used.completionTokens += Number(usage.completion_tokens ?? 0);
  }

  function progress(job: FakeBatchJob): FakeBatchJob {
    const ageMs = now().getTime() - job.createdAt.getTime();
    if (ENDED.includes(job.card.status)) return job;
    if (job.card.status === 'CANCELLATION_REQUESTED') {
      finish(job, 'CANCELLED', ageMs / state.runsMs);
    } else if (ageMs >= job.given.timeout_hours * 3_600_000 && ageMs < state.runsMs) {
      finish(job, 'TIMEOUT_EXCEEDED', ageMs / state.runsMs);
    } else if (ageMs >= state.runsMs) finish(job, 'SUCCESS', 1);
    else if (ageMs > 0) Object.assign(job.card, { status: 'RUNNING' });
    return job;
  }

  function list(workspaceId: string, query: URLSearchParams): HttpAnswer {
    const [page, size] = [Number(query.get('page') ?? 0), Number(query.get('page_size') ?? 100)];
    const after = Date.parse(query.get('created_after') ?? '1970-01-01T00:00:00Z') / 1000;
    const found = [...jobs.values()]
      .filter((job) => job.workspaceId === workspaceId && Number(job.card.created_at) >= after)
      .map((job) => withoutOutputs(progress(job).card))
      .reverse();
    const data = found.slice(page * size, (page + 1) * size);
    return jsonAnswer(200, { data, object: 'list', total: found.length });
  }

  /** `undefined` for an unknown endpoint. */
  function answer(key: FakeKey, { method, url, body }: HttpCall): HttpAnswer | undefined {
    const [, id, action] =
      /^\/v1\/batch\/jobs(?:\/([^/]+)(?:\/(cancel))?)?$/.exec(url.pathname) ?? [];
    if (!url.pathname.startsWith('/v1/batch/jobs')) return undefined;
    if (id === undefined) {
      return method === 'POST' ? create(key, body) : list(key.workspaceId, url.searchParams);
    }
    const job = jobs.get(id);
    if (!job || job.workspaceId !== key.workspaceId) return NOT_FOUND;
    const { card } = progress(job);
    if (method === 'POST' && action === 'cancel' && !ENDED.includes(card.status)) {
      card.status = 'CANCELLATION_REQUESTED';
    }
    return jsonAnswer(200, url.searchParams.has('inline') ? card : withoutOutputs(card));
  }

  return state;
}

function withoutOutputs(card: FakeBatchJob['card']) {
  return isObject(card) ? { ...card, outputs: null } : card;
}

function attempt(answer: () => HttpAnswer | undefined): HttpAnswer | undefined {
  try {
    return answer();
  } catch {
    return undefined; // the body does not have the shape of its endpoint
  }
}

function textOf(results: readonly unknown[]): string {
  return `${results.map((one) => JSON.stringify(one)).join('\n')}\n`;
}
