import { beforeEach, expect, test } from 'vitest';
import { BatchScan } from '../../../governance/metering/batch/batch-bounds.js';
import {
  type JobRecord,
  leasedUntil,
  RECORD_ID,
} from '../../../governance/metering/batch/job-record.js';
import {
  createJobRecords,
  type JobRecords,
} from '../../../governance/metering/batch/job-records.aws.js';
import { ApiKey } from '../../../governance/mistral/api-key.js';
import { createBatchJobs } from '../../../governance/mistral/batch-jobs.js';
import { createMistralHttp } from '../../../governance/mistral/mistral-http.js';
import type { ObjectRecord } from '../../../governance/objects/objects.js';
import { placesOf, reserveJob } from '../../../governance/quotas/job-lease.js';
import type { Quota } from '../../../governance/quotas/quota.js';
import {
  createQuotaCounters,
  type QuotaCounters,
} from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { type SettleJobsDeps, settleJobs } from '../../../governance/spend/settle-jobs.js';
import { createVirtualClock, type VirtualClock } from '../../../testing/clock.js';
import { jsonAnswer } from '../../../testing/fakes/http-server.js';
import { createFakeBatch, type FakeBatch } from '../../../testing/fakes/mistral-batch.js';
import { createFakeInference } from '../../../testing/fakes/mistral-inference.js';
import type { FakeKey } from '../../../testing/fakes/mistral-keys.js';
import { FAKE_MODELS } from '../../../testing/fakes/mistral-server.js';
import { createFakeUsage } from '../../../testing/fakes/mistral-usage.js';
import { callInProcess } from '../../../testing/in-process.js';
import { aPolicy, silentLog } from '../../support/builders.js';
import { newTableForEach } from '../../support/table.js';
import {
  aBody,
  aLine,
  LINE_BYTES,
  MODEL,
  PRICES,
  rulesFor,
} from '../metering/batch/batch-lines.js';
import { randomFrom } from '../quotas/traffic.js';

const policy = aPolicy((document) => {
  document.gateway = { enabled: true };
});
const [WORKSPACE = policy.workspaces[0]] = policy.workspaces.filter(
  ({ name }) => name === 'dev-workspace',
);
if (!WORKSPACE) throw new Error('the shipped policy has no dev-workspace');
const { id: workspaceId, name: workspace } = WORKSPACE;
const START = new Date('2026-11-23T17:00:00Z');
const HOUR = 3_600_000;
const QUOTAS: readonly Quota[] = [
  {
    scope: `workspace#${workspace}`,
    countedAs: `workspace#${workspaceId}`,
    unit: 'usd',
    window: 'day',
    limit: 1e9,
  },
  {
    scope: `workspace#${workspace}`,
    countedAs: `workspace#${workspaceId}`,
    unit: 'usd',
    window: 'month',
    limit: 1e9,
    shards: 2,
  },
  { scope: 'caller#a', unit: 'tokens', window: 'day', limit: 1e6 },
];

let clock: VirtualClock;
let batch: FakeBatch;
let records: JobRecords;
let counters: QuotaCounters;
let files: Map<string, string>;
let alerts: string[];
let owned: ObjectRecord[];
let deps: SettleJobsDeps;
const KEY = { workspaceId } as FakeKey;

newTableForEach((dynamo, table) => {
  records = createJobRecords(dynamo.client, table);
  counters = createQuotaCounters(dynamo.client, table);
});

beforeEach(() => {
  clock = createVirtualClock(START);
  files = new Map();
  alerts = [];
  owned = [];
  const infer = createFakeInference({ models: FAKE_MODELS }, createFakeUsage(), clock.now);
  batch = createFakeBatch(
    {
      read: (_workspace, id) => files.get(id),
      add: (_workspace, { filename, content }) => {
        const id = `file-${filename.replaceAll(/[^\w-]/g, '-')}`;
        files.set(id, content);
        return { id };
      },
    },
    infer,
    clock.now,
  );
  const { url, fetch } = callInProcess(async (call) => {
    if (call.headers.authorization !== 'Bearer key-of-dev') return jsonAnswer(401, {});
    const file = /^\/v1\/files\/([^/]+)\/content$/.exec(call.url.pathname)?.[1];
    if (file === undefined) return batch.answer(KEY, call) ?? jsonAnswer(404, {});
    const body = files.get(file);
    return body === undefined ? jsonAnswer(404, {}) : { status: 200, body };
  });
  deps = {
    policy,
    records,
    batchJobs: createBatchJobs(createMistralHttp(url, { fetch, sleep: clock.sleep })),
    keyOf: async (name) => new ApiKey(name === workspace ? 'key-of-dev' : 'another'),
    counters,
    objects: {
      write: async (record) => {
        owned.push(record);
        return 'written';
      },
    },
    alerts: { publish: async ({ title }) => void alerts.push(title) },
    log: silentLog,
    now: clock.now,
  };
});

const run = () => settleJobs(deps);
const passHours = (hours: number) =>
  clock.playUntil(new Date(clock.now().getTime() + hours * HOUR));

async function totals() {
  const all = await createQuotaTotals(counters).of(QUOTAS, START, clock.now());
  return all.map(({ settled, committed }) => ({ settled, open: committed - settled }));
}

const openJobs = async () => (await records.of(workspaceId)).map(({ record }) => record);

type Stage = 'recorded' | 'leased' | 'sending' | 'created' | 'running';

/** What a gateway does to create a job, until it dies at some stage. */
async function aJob(
  lines: readonly string[],
  { stage = 'running' as Stage, id = 'r1', timeoutHours = 24 } = {},
) {
  const scan = new BatchScan(rulesFor(), PRICES, LINE_BYTES, 7);
  const file = scan.file('input_files[0]');
  file.see(Buffer.from(lines.join('\n')));
  file.end();
  const bounds = scan.result;
  if ('code' in bounds) throw new Error(bounds.message);
  const { lines: count, ...reserved } = bounds;
  const now = clock.now();
  const claims = QUOTAS.map((quota) => ({
    quota,
    amount: quota.unit === 'tokens' ? bounds.tokens : bounds.cost,
  }));
  const record: JobRecord = {
    ...{ id, workspace, workspaceId, owner: 'arn:aws:iam::111122223333:role/developer' },
    ...{
      role: 'developer',
      isShared: false,
      endpoint: '/v1/chat/completions',
      modelId: MODEL,
      timeoutHours,
    },
    state: 'reserving',
    createdAtMs: now.getTime(),
    untilMs: leasedUntil(now, timeoutHours),
    lines: count,
    bounds: reserved,
    rates: PRICES.tiers.batch.exact,
    places: placesOf(claims, now),
  };
  let kept = await records.create(record);
  if (stage === 'recorded') return bounds;
  const outcome = await reserveJob(counters, record, claims, now);
  if (outcome.kind !== 'reserved') throw new Error(outcome.kind);
  if (stage === 'leased') return bounds;
  kept =
    (await records.change(kept, {
      state: 'sending',
      parts: outcome.parts.map((one) => [...one]),
    })) ?? kept;
  if (stage === 'sending') return bounds;
  const input = '00000000-0000-4000-8000-000000000000';
  files.set(input, lines.join('\n'));
  const answer = batch.answer(KEY, {
    method: 'POST',
    url: new URL('/v1/batch/jobs', 'http://mistral'),
    headers: {},
    body: JSON.stringify({
      ...{ input_files: [input], endpoint: record.endpoint, model: MODEL },
      ...{ timeout_hours: timeoutHours, metadata: { [RECORD_ID]: id } },
    }),
  });
  if (stage === 'created') return bounds;
  await records.change(kept, { state: 'running', jobId: JSON.parse(answer?.body ?? '').id });
  return bounds;
}

const LINES = ['a', 'b', 'c', 'd'].map((id) => aLine(aBody(), id));
/** As the stand-in counts and bills it: a token for four bytes, three quarters of `max_tokens`. */
const USED = (() => {
  const prompt = Math.ceil(JSON.stringify({ model: MODEL, ...aBody() }).length / 4);
  return { tokens: prompt + 7, cost: (prompt * 150 + 7 * 600) / 2 };
})();
const all = (settled: { cost: number; tokens: number }, open = { cost: 0, tokens: 0 }) => [
  { settled: settled.cost, open: open.cost },
  { settled: settled.cost, open: open.cost },
  { settled: settled.tokens, open: open.tokens },
];
const NONE = { cost: 0, tokens: 0 };
const times = (factor: number) => ({ cost: USED.cost * factor, tokens: USED.tokens * factor });

test('a job keeps what it may use while it runs, and is settled by its results when it has ended', async () => {
  batch.runsMs = 2 * HOUR;
  const bounds = await aJob(LINES);
  expect(await totals()).toEqual(all(NONE, bounds));
  await passHours(1);
  expect(await run()).toEqual({ settled: 0, open: 1, problems: [] });
  expect(await totals()).toEqual(all(NONE, bounds));
  await passHours(1);
  expect(await run()).toEqual({ settled: 1, open: 0, problems: [] });
  expect(await totals()).toEqual(all(times(4)));
  expect(await openJobs()).toEqual([]);
  expect(await run()).toEqual({ settled: 0, open: 0, problems: [] });
});

test('it is settled in the windows of its creation, also a month later', async () => {
  batch.runsMs = 100 * HOUR;
  await aJob(LINES, { timeoutHours: 168 });
  await passHours(7 * 24 + 12);
  await run();
  expect(await totals()).toEqual(all(times(4)));
});

test('lines that fail are free', async () => {
  const bad = aLine(aBody({ temperature: 'hot' }), 'e');
  batch.runsMs = HOUR;
  await aJob([...LINES, bad]);
  await passHours(2);
  await run();
  const [job] = batch.jobs.values();
  expect(job?.card).toMatchObject({ status: 'SUCCESS', failed_requests: 1, succeeded_requests: 4 });
  expect(await totals()).toEqual(all(times(4)));
});

test('of a cancelled job, what was processed counts', async () => {
  batch.runsMs = 4 * HOUR;
  await aJob(LINES);
  await passHours(1);
  const [job] = batch.jobs.values();
  if (job) job.card.status = 'CANCELLATION_REQUESTED';
  await run();
  expect(job?.card.status).toBe('CANCELLED');
  expect(await totals()).toEqual(all(times(1)));
});

test('a line whose result is not there counts as the most that a line may use', async () => {
  batch.runsMs = HOUR;
  const { ofLine } = await aJob(LINES);
  await passHours(2);
  const [job] = batch.jobs.values();
  batch.answer(KEY, aGet('/v1/batch/jobs'));
  const output = String(job?.card.output_file);
  files.set(output, (files.get(output) ?? '').split('\n').slice(1).join('\n'));
  await run();
  const { cost, tokens } = times(3);
  expect(await totals()).toEqual(all({ cost: cost + ofLine.cost, tokens: tokens + ofLine.tokens }));
});

const aGet = (path: string) => ({
  method: 'GET',
  url: new URL(path, 'http://mistral'),
  headers: {},
  body: '',
});

test.each<Stage>(['recorded', 'leased'])(
  'what a gateway left that died when the job was %s is free again, once nothing can come late',
  async (stage) => {
    await aJob(LINES, { stage });
    const [, , before] = await totals();
    await run();
    expect((await totals())[2]).toEqual(before);
    await passHours(0.2);
    expect(await run()).toMatchObject({ settled: 1 });
    expect(await totals()).toEqual(all(NONE));
  },
);

test('a job whose creation got no answer is found, and settled', async () => {
  batch.runsMs = HOUR;
  const bounds = await aJob(LINES, { stage: 'created' });
  await passHours(0.5);
  await run();
  expect(await totals()).toEqual(all(NONE, bounds));
  const [job] = batch.jobs.values();
  expect(await openJobs()).toMatchObject([{ state: 'running', jobId: job?.card.id }]);
  expect(owned).toMatchObject([
    { kind: 'batch', id: job?.card.id, owner: expect.stringContaining('role/developer') },
  ]);
  await passHours(1);
  await run();
  expect(await totals()).toEqual(all(times(4)));
});

test.each([
  ['is gone', 'running' as const, () => batch.jobs.clear()],
  [
    'has results that cannot be read',
    'running' as const,
    () => {
      batch.answer(KEY, aGet('/v1/batch/jobs'));
      files.clear();
    },
  ],
])(
  'a job that %s keeps its reservation, is reported once, and counts in full after a week',
  async (_name, stage, spoil) => {
    batch.runsMs = HOUR;
    const bounds = await aJob(LINES, { stage });
    await passHours(2);
    spoil();
    await run();
    expect(alerts).toEqual([]);
    await passHours(29);
    await run();
    await run();
    expect(alerts).toEqual([
      expect.stringMatching(/^Batch job of dev-workspace is not settled; .* USD stay reserved$/),
    ]);
    expect(await totals()).toEqual(all(NONE, bounds));
    await passHours(7 * 24);
    expect(await run()).toMatchObject({ settled: 1, open: 0 });
    expect(await totals()).toEqual(all(bounds));
    expect(alerts).toHaveLength(1);
  },
);

test('where no monitor runs, it counts in full in the end', async () => {
  const bounds = await aJob(LINES);
  await passHours(9 * 24 + 1);
  expect(await totals()).toEqual(all(bounds));
  await run();
  expect(await totals()).toEqual(all(bounds));
});

test('one workspace that cannot be read stops no other', async () => {
  const bounds = await aJob(LINES);
  batch.runsMs = HOUR;
  await passHours(2);
  const of: JobRecords['of'] = async (id) => {
    if (id !== workspaceId) throw new Error('no answer');
    return records.of(id);
  };
  const found = await settleJobs({ ...deps, records: { ...records, of } });
  expect(found).toMatchObject({
    settled: 1,
    problems: expect.arrayContaining([expect.stringMatching(/^batch jobs not read/)]),
  });
  expect(bounds.lines).toBe(4);
});

/** Loses calls, before or after they take effect. */
function losing<Store extends object>(store: Store, random: () => number): Store {
  return new Proxy(store, {
    get:
      (target, name) =>
      async (...call: unknown[]) => {
        const fate = random();
        if (fate < 0.15) throw new Error('lost before');
        const answer = await (Reflect.get(target, name) as (...all: unknown[]) => unknown)(...call);
        if (fate < 0.3) throw new Error('lost after');
        return answer;
      },
  });
}

test.each(Array.from({ length: 25 }, (_, seed) => seed))(
  'with two monitors at once, and calls lost at every step, each job is booked once (%i)',
  async (seed) => {
    const random = randomFrom(seed);
    batch.runsMs = HOUR;
    const stages: readonly Stage[] = ['running', 'created', 'leased', 'running', 'recorded'];
    for (const [at, stage] of stages.entries()) await aJob(LINES, { stage, id: `job-${at}` });
    await passHours(2);
    const unreliable = {
      ...deps,
      counters: losing(counters, random),
      records: losing(records, random),
      batchJobs: losing(deps.batchJobs, random),
    };
    for (let runs = 0; runs < 60 && (await openJobs()).length > 0; runs += 1) {
      await Promise.all([settleJobs(unreliable), settleJobs(unreliable)]);
    }
    expect(await openJobs()).toEqual([]);
    expect(await totals()).toEqual(all(times(12)));
  },
);

test('a job that Mistral does not list a day later was never created', async () => {
  const bounds = await aJob(LINES, { stage: 'sending' });
  await passHours(23);
  await run();
  expect(await totals()).toEqual(all(NONE, bounds));
  await passHours(1);
  expect(await run()).toMatchObject({ settled: 1 });
  expect(await totals()).toEqual(all(NONE));
});
