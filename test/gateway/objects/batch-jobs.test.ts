import { PassThrough, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { HTTPClient, Mistral } from '@mistralai/mistralai';
import { describe, expect, onTestFinished, test } from 'vitest';
import { OBJECT_INDEXES } from '../../../governance/policy/object-indexes.js';
import { createGatewayHandler, type StreamingHandler } from '../../../lambdas/gateway/handler.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { jsonAnswer } from '../../../testing/fakes/http-server.js';
import { aBody, aLine } from '../../governance/metering/batch/batch-lines.js';
import { CALLER_HEADER, session } from '../../support/gateway-world.js';
import { newTableForEach } from '../../support/table.js';
import { type BatchWorldOptions, batchWorld, START } from './batch-world.js';

let dynamo: LocalDynamo;
let table: string;
newTableForEach((local, name) => {
  dynamo = local;
  table = name;
}, Object.values(OBJECT_INDEXES));

const open = (options: BatchWorldOptions = {}) => batchWorld(dynamo, table, options);
const LINES = ['a', 'b', 'c'].map((id) => aLine(aBody(), id)).join('\n');
const JOB = { endpoint: '/v1/chat/completions', model: 'mistral-small-latest' };
const JOBS = '/v1/batch/jobs';

/** As Mistral describes a job, or a list of them. */
interface Answer {
  readonly id: string;
  readonly output_file: string;
  readonly outputs: readonly unknown[];
  readonly data: readonly Answer[];
  readonly total: number;
}
const json = async (response: Promise<Response>) => (await (await response).json()) as Answer;
const create = (body: object) => ({ method: 'POST', body: { ...JOB, ...body } });

// A line as it is bounded, and as the stand-in answers it.
const BOUND = ((Buffer.byteLength(JSON.stringify(aBody())) + 64) * 150 + 10 * 600) / 2;
const PROMPT = Math.ceil(JSON.stringify({ model: 'mistral-small-2603', ...aBody() }).length / 4);
const USED = (PROMPT * 150 + 7 * 600) / 2;

test('a job is created, runs, and is settled by its results', async () => {
  const world = await open();
  const file = await world.aFile(LINES);
  const metadata = { team: 'search' };
  const created = await world.ask(JOBS, create({ input_files: [file], metadata }));
  expect(created.status).toBe(200);
  const job = (await created.json()) as Answer;
  expect(job).toMatchObject({
    ...{ object: 'batch', status: 'QUEUED', total_requests: 3, metadata },
    ...{ model: 'mistral-small-2603', input_files: [file] },
  });
  expect(await world.money()).toMatchObject({ month: { settled: 0, reserved: 3 * BOUND } });

  await world.passHours(1);
  expect(await (await world.ask(`${JOBS}/${job.id}`)).json()).toMatchObject({ status: 'SUCCESS' });
  expect(await world.settle()).toMatchObject({ settled: 1, open: 0 });
  expect(await world.money()).toMatchObject({ month: { settled: 3 * USED, reserved: 0 } });
});

test('its results are its owner’s, and no other caller’s', async () => {
  const world = await open({
    change(document) {
      document.callers.push({
        principal: 'arn:aws:iam::111122223333:role/tester',
        ...{ role: 'developer', workspace: 'dev-workspace' },
      });
    },
  });
  const file = await world.aFile(LINES);
  const { id } = await json(world.ask(JOBS, create({ input_files: [file] })));
  await world.passHours(1);
  const job = await json(world.ask(`${JOBS}/${id}`));
  const results = await world.ask(`/v1/files/${job.output_file}/content`);
  expect((await results.text()).trim().split('\n')).toHaveLength(3);

  const none = await world.ask(`${JOBS}/00000000-0000-4000-8000-000000000000`, { role: 'tester' });
  const missing = await none.json();
  expect(missing).toMatchObject({ code: 'object_not_found' });
  for (const [path, method] of [
    [`${JOBS}/${id}`, 'GET'],
    [`${JOBS}/${id}?inline=true`, 'GET'],
    [`${JOBS}/${id}/cancel`, 'POST'],
  ] as const) {
    const answer = await world.ask(path, { role: 'tester', method });
    expect([answer.status, await answer.json()]).toEqual([404, missing]);
  }
  const theirs = await world.ask(`/v1/files/${job.output_file}/content`, { role: 'tester' });
  expect(theirs.status).toBe(404);
  const stolen = await world.ask(JOBS, { ...create({ input_files: [file] }), role: 'tester' });
  expect([stolen.status, await stolen.json()]).toMatchObject([404, { param: 'input_files' }]);
  expect(await (await world.ask(JOBS, { role: 'tester' })).json()).toEqual({
    ...{ data: [], object: 'list', total: 0 },
  });
});

test('lists show jobs as they are now, in pages and by status', async () => {
  const world = await open();
  const file = await world.aFile(LINES);
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    ids.unshift((await json(world.ask(JOBS, create({ input_files: [file] })))).id);
    await world.passHours(0.1);
  }
  const list = async (query: string) => {
    const { data, total } = await json(world.ask(`${JOBS}${query}`));
    return [data.map(({ id }) => ids.indexOf(id)), total];
  };
  expect(await list('')).toEqual([[0, 1, 2, 3, 4], 5]);
  expect(await list('?page_size=2&page=1')).toEqual([[2, 3], 5]);
  expect(await list('?order_by=created&page_size=2')).toEqual([[4, 3], 5]);
  expect(await list('?status=SUCCESS')).toEqual([[1, 2, 3, 4], 4]);
  expect(await list('?status=QUEUED&status=RUNNING')).toEqual([[0], 1]);
  expect(await list('?model=mistral-large-2512')).toEqual([[], 0]);
  expect((await world.ask(`${JOBS}?order_by=cost`)).status).toBe(422);
});

test('requests in the body need no file, and their results are in the job', async () => {
  const world = await open();
  const requests = ['a', 'b'].map((custom_id) => ({ custom_id, body: aBody() }));
  const { id } = await json(world.ask(JOBS, create({ requests })));
  expect(await world.money()).toMatchObject({ month: { reserved: 2 * BOUND } });
  await world.passHours(1);
  const { outputs } = await json(world.ask(`${JOBS}/${id}?inline=true`));
  expect(outputs).toHaveLength(2);
  await world.settle();
  expect(await world.money()).toMatchObject({ month: { settled: 2 * USED, reserved: 0 } });
});

test('a cancelled job frees what it did not use', async () => {
  const world = await open();
  world.mistral.batch.runsMs = 3 * 3_600_000;
  const file = await world.aFile(LINES);
  const { id } = await json(world.ask(JOBS, create({ input_files: [file] })));
  await world.passHours(1);
  const cancelled = await world.ask(`${JOBS}/${id}/cancel`, { method: 'POST' });
  expect(await cancelled.json()).toMatchObject({ status: 'CANCELLATION_REQUESTED' });
  await world.settle();
  expect(await world.money()).toMatchObject({ month: { settled: USED, reserved: 0 } });
});

describe('refuses, with nothing reserved and nothing created,', () => {
  const refusals: readonly (readonly [string, unknown, number, object])[] = [
    ['no JSON', '{', 400, { code: 'invalid_request' }],
    ['a list', [], 400, { code: 'invalid_request' }],
    ['a field that is unknown', { ...JOB, priority: 1 }, 422, { param: 'priority' }],
    ['no model', { endpoint: JOB.endpoint, requests: [] }, 422, { param: 'model' }],
    ['an agent', { ...JOB, agent_id: 'ag_1' }, 422, { param: 'agent_id' }],
    [
      'an endpoint of another kind',
      { ...JOB, endpoint: '/v1/conversations' },
      422,
      { param: 'endpoint' },
    ],
    [
      'a model that is not the role’s',
      { ...JOB, model: 'mistral-large-latest', requests: [] },
      403,
      { code: 'model_not_allowed' },
    ],
    [
      'a file that is not there',
      { ...JOB, input_files: ['00000000-0000-4000-8000-000000000000'] },
      404,
      { code: 'object_not_found', param: 'input_files' },
    ],
    ['an id with a path', { ...JOB, input_files: ['../models'] }, 422, { param: 'input_files' }],
    ['no lines', { ...JOB }, 400, { code: 'invalid_request' }],
    [
      'a week and an hour',
      { ...JOB, requests: [], timeout_hours: 169 },
      422,
      { param: 'timeout_hours' },
    ],
    [
      'metadata of ours',
      { ...JOB, requests: [], metadata: { governance_record: 'x' } },
      422,
      { param: 'metadata' },
    ],
    [
      'metadata that is no text',
      { ...JOB, requests: [], metadata: { a: 1 } },
      422,
      { param: 'metadata' },
    ],
    [
      'a bad request',
      { ...JOB, requests: [{ body: aBody({ max_tokens: 9000 }) }] },
      403,
      { code: 'max_tokens_exceeded', param: 'requests' },
    ],
    ['requests that are none', { ...JOB, requests: ['x'] }, 400, { param: 'requests' }],
  ];
  test.each(refusals)('%s', async (_name, body, status, answer) => {
    const world = await open();
    const found = await world.ask(JOBS, { method: 'POST', body });
    expect([found.status, await found.json()]).toMatchObject([status, answer]);
    expect(world.mistral.batch.jobs.size).toBe(0);
    expect(await world.money()).toMatchObject({ month: { settled: 0, reserved: 0 } });
  });

  test('a file with bad lines, which are named', async () => {
    const world = await open();
    const file = await world.aFile(`${LINES}\n${aLine(aBody({ max_tokens: 9000 }), 'd')}\n`);
    const found = await world.ask(JOBS, create({ input_files: [file] }));
    expect(await found.json()).toMatchObject({
      ...{ code: 'max_tokens_exceeded', param: 'input_files' },
      message: expect.stringMatching(/^line 4 of input_files\[0\]: max_tokens 9000 is above/),
    });
  });

  test('a job for which a budget has no room', async () => {
    const world = await open({
      change: (document) => {
        document.workspaces[0].budgets = { monthlyUsd: 0.01 };
      },
    });
    const line = (_: unknown, at: number) => aLine(aBody({ max_tokens: 2000 }), String(at));
    const file = await world.aFile(Array.from({ length: 10 }, line).join('\n'));
    expect((await world.ask(JOBS, create({ input_files: [file] }))).status).toBe(200);
    const second = await world.ask(JOBS, create({ input_files: [file] }));
    expect([second.status, await second.json()]).toMatchObject([402, { code: 'budget_exhausted' }]);
    const { month } = await world.money();
    expect(month?.reserved).toBeGreaterThan(5_000_000);
    expect(month?.reserved).toBeLessThan(7_500_000);
  });
});

describe('where Mistral', () => {
  const post = (answer: ReturnType<NonNullable<BatchWorldOptions['intercept']>>) => ({
    intercept: ({ method, url }: { method: string; url: URL }) =>
      method === 'POST' && url.pathname === JOBS ? answer : undefined,
  });

  test('rejects the job, all is free at once', async () => {
    const world = await open(post(jsonAnswer(422, { detail: 'no' })));
    const file = await world.aFile(LINES);
    expect((await world.ask(JOBS, create({ input_files: [file] }))).status).toBe(422);
    expect(await world.money()).toMatchObject({ month: { settled: 0, reserved: 0 } });
    await world.passHours(1);
    expect(await world.settle()).toMatchObject({ settled: 1, open: 0 });
  });

  test.each([
    ['fails', jsonAnswer(500, { detail: 'oops' })],
    ['breaks the connection', 'broken' as const],
  ])('%s, what is reserved stays until it is known that there is no job', async (_name, answer) => {
    const world = await open(post(answer));
    const file = await world.aFile(LINES);
    expect((await world.ask(JOBS, create({ input_files: [file] }))).status).toBe(502);
    await world.passHours(2);
    await world.settle();
    expect(await world.money()).toMatchObject({ month: { reserved: 3 * BOUND } });
    await world.passHours(23);
    await world.settle();
    expect(await world.money()).toMatchObject({ month: { settled: 0, reserved: 0 } });
  });

  test('creates the job and its answer is lost, the owner has it in its list after the next run', async () => {
    let lose = true;
    const world = await open({
      intercept({ method, url, ...call }) {
        if (method !== 'POST' || url.pathname !== JOBS || !lose) return undefined;
        lose = false;
        void world.mistral.answer({ method, url, ...call });
        return 'broken';
      },
    });
    const file = await world.aFile(LINES);
    expect((await world.ask(JOBS, create({ input_files: [file] }))).status).toBe(502);
    expect(await (await world.ask(JOBS)).json()).toMatchObject({ total: 0 });
    await world.passHours(1);
    expect(await world.settle()).toMatchObject({ settled: 1 });
    const { data } = await json(world.ask(JOBS));
    expect(data).toMatchObject([{ status: 'SUCCESS', metadata: null }]);
    expect(await world.money()).toMatchObject({ month: { settled: 3 * USED, reserved: 0 } });
  });
});

describe('the official SDK', () => {
  const sdk = ({ url }: { readonly url: string }) => {
    const httpClient = new HTTPClient();
    httpClient.addHook('beforeRequest', (request) => {
      request.headers.set(CALLER_HEADER, session('developer'));
      return request;
    });
    return new Mistral({ apiKey: 'none', serverURL: url, httpClient });
  };

  test('creates, lists, reads and cancels jobs', async () => {
    const world = await open();
    world.mistral.batch.runsMs = 3 * 3_600_000;
    const { batch } = sdk(world);
    const file = await world.aFile(LINES);
    const job = await batch.jobs.create({
      ...{ inputFiles: [file], metadata: { team: 'search' }, timeoutHours: 2 },
      ...JOB,
      endpoint: '/v1/chat/completions',
    });
    expect(job).toMatchObject({ status: 'QUEUED', totalRequests: 3, metadata: { team: 'search' } });
    await world.passHours(1);
    expect(await batch.jobs.get({ jobId: job.id })).toMatchObject({ status: 'RUNNING' });
    const listed = await batch.jobs.list({ page: 0, pageSize: 10, createdAfter: START });
    expect(listed).toMatchObject({ total: 1, data: [{ id: job.id, status: 'RUNNING' }] });
    expect(await batch.jobs.cancel({ jobId: job.id })).toMatchObject({
      status: 'CANCELLATION_REQUESTED',
    });
    expect(await batch.jobs.get({ jobId: job.id })).toMatchObject({ status: 'CANCELLED' });
  });

  test('reads the results of a job that has ended', async () => {
    const world = await open();
    const { batch, files } = sdk(world);
    const file = await world.aFile(LINES);
    const { id } = await batch.jobs.create({
      inputFiles: [file],
      ...JOB,
      endpoint: '/v1/chat/completions',
    });
    await world.passHours(1);
    const job = await batch.jobs.get({ jobId: id });
    const results = await text(await files.download({ fileId: job.outputFile ?? '' }));
    expect(results.trim().split('\n')).toHaveLength(3);
    const own = await files.list({ purpose: 'batch' });
    expect(own.data.map((one) => one.id)).toContain(job.outputFile);
  });

  test('gets what is wrong with a line in the gateway’s words', async () => {
    const world = await open();
    const file = await world.aFile(aLine({ messages: [] }));
    const creating = sdk(world).batch.jobs.create({
      inputFiles: [file],
      ...JOB,
      endpoint: '/v1/chat/completions',
    });
    await expect(creating).rejects.toThrow(/line 1 of input_files\[0\]: max_tokens is missing/);
  });
});

test('behind a function URL, a job is created and listed alike', async () => {
  const statuses: number[] = [];
  const HttpResponseStream = {
    from(stream: Writable, { statusCode }: { readonly statusCode: number }): Writable {
      statuses.push(statusCode);
      return stream;
    },
  };
  const streamifyResponse = (handler: StreamingHandler) => handler;
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream } });
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'awslambda'));
  const world = await open();
  const { gateway, flush } = world;
  const handler = createGatewayHandler({
    gateway,
    ready: Promise.resolve(),
    flush,
  }) as StreamingHandler;
  const invoke = async (method: string, rawQueryString = '', body?: object) => {
    const stream = new PassThrough();
    const whole = text(stream);
    await handler(
      {
        ...{ rawPath: JOBS, rawQueryString, headers: {}, isBase64Encoded: false },
        requestContext: {
          http: { method },
          authorizer: { iam: { userArn: session('developer') } },
        },
        ...(body && { body: JSON.stringify(body) }),
      },
      stream,
    );
    return JSON.parse(await whole);
  };
  const file = await world.aFile(LINES);
  const { id } = await invoke('POST', '', { ...JOB, input_files: [file] });
  expect(await invoke('GET', 'status=QUEUED')).toMatchObject({ total: 1, data: [{ id }] });
  expect(await invoke('GET', 'status=SUCCESS')).toMatchObject({ total: 0 });
  expect(statuses).toEqual([200, 200, 200]);
  expect(await world.money()).toMatchObject({ month: { settled: 0, reserved: 3 * BOUND } });
});
