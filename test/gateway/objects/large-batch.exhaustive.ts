import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { createMetering } from '../../../governance/metering/metering.js';
import { createTariff } from '../../../governance/metering/tariff.js';
import { Ownership } from '../../../governance/objects/ownership.js';
import { createPriceBook } from '../../../governance/prices/price-book.js';
import { createFakeObjectStore } from '../../../testing/fakes/object-records.js';
import { createFakeQuotaCounters } from '../../../testing/fakes/quota-counters.js';
import { aBody, aLine } from '../../governance/metering/batch/batch-lines.js';
import { aPolicy } from '../../support/builders.js';
import { fakeQuotas } from '../../support/gateway-fakes.js';
import { answerJson, gatewayWorld, session } from '../../support/gateway-world.js';

const MIB = 1024 * 1024;
const ADMIN = session('platform-admin');
const policy = aPolicy();
const [CALLER] = policy.callers.filter(({ principal }) =>
  principal.endsWith('role/platform-admin'),
);
const workspaceId = policy.workspaces.find(({ name }) => name === CALLER?.workspace)?.id ?? '';
const FILE = '00000000-0000-4000-8000-000000000001';

/** A gateway whose Mistral sends a file as fast as it is read. */
async function worldWith(send: (write: (chunk: string) => Promise<void>) => Promise<void>) {
  const sent: unknown[] = [];
  const script = async (
    response: ServerResponse,
    { method, url, body }: { method: string; url: string; body: string },
  ) => {
    if (url === `/v1/files/${FILE}/content`) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      await send(async (chunk) => {
        if (response.destroyed) throw new Error('hung up');
        if (!response.write(chunk))
          await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }).catch(() => {});
      return response.end();
    }
    if (method === 'POST') sent.push(JSON.parse(body));
    return answerJson(response, 200, {
      id: 'job-1',
      object: 'batch',
      status: 'QUEUED',
      metadata: {},
    });
  };
  const store = createFakeObjectStore();
  await store.write({
    ...{ workspaceId, kind: 'file', id: FILE, owner: ADMIN.replace(/\/[^/]*$/, ''), role: 'admin' },
    ...{ isShared: false, createdAtMs: 0, card: {} },
  });
  const now = () => new Date('2026-06-30T12:00:00Z');
  const running = { now, sleep: async () => {}, random: () => 0.5 };
  const kept: unknown[] = [];
  const world = await gatewayWorld(script, () => {}, {
    objects: new Ownership({ ...running, store, policy }),
    ...running,
    metering: createMetering(policy, fakeQuotas(), createTariff(createPriceBook(policy))),
    jobs: {
      counters: createFakeQuotaCounters(),
      records: {
        create: async (record) => ({ record, version: 1 }),
        change: async ({ record, version }, change) => {
          kept.push({ ...record, ...change });
          return { record: { ...record, ...change }, version: version + 1 };
        },
        remove: async () => true,
        of: async () => [],
      },
    },
  });
  const create = () =>
    world.ask(
      { input_files: [FILE], endpoint: '/v1/chat/completions', model: 'mistral-small-latest' },
      { path: '/v1/batch/jobs', caller: ADMIN },
    );
  return { world, create, kept, sent };
}

/** The most memory that is used while something happens, beyond what was before. */
async function growthDuring(what: () => Promise<unknown>): Promise<number> {
  global.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  await what();
  clearInterval(timer);
  return most - before;
}

test('a million lines are checked in flat memory', async () => {
  const lines = 1_000_000;
  const { create, kept } = await worldWith(async (write) => {
    for (let at = 0; at < lines; at += 1000) {
      let chunk = '';
      for (let of = 0; of < 1000; of += 1) chunk += `${aLine(aBody(), `request-${at + of}`)}\n`;
      await write(chunk);
    }
  });
  const startedAt = Date.now();
  let status = 0;
  const growth = await growthDuring(async () => {
    const answer = await create();
    status = answer.status;
    if (status !== 200) throw new Error(await answer.text());
  });
  const seconds = (Date.now() - startedAt) / 1000;
  expect(status).toBe(200);
  expect(kept).toMatchObject([{ lines }, { jobId: 'job-1' }]);
  expect(growth).toBeLessThan(200 * MIB); // stand-in and client included, which are in this process
  expect(seconds).toBeLessThan(300);
});

test.each([
  ['a line of 100 MB', '{"custom_id":"a","body":{"messages":"', 'x'.repeat(MIB), 100, 413],
  ['a line of 2 GB', '', `${' '.repeat(8 * MIB)}x`, 256, 413],
  ['blank lines of 500 MB', '', '\n'.repeat(MIB), 500, 413],
  ['a million lines that are bad', '', 'x\n'.repeat(MIB), 1, 400],
])('%s is refused, in flat memory', async (_name, first, piece, times, status) => {
  const { create, sent, kept } = await worldWith(async (write) => {
    await write(first);
    for (let at = 0; at < times; at += 1) await write(piece);
  });
  let answer: Response | undefined;
  const growth = await growthDuring(async () => {
    answer = await create();
  });
  expect(answer?.status).toBe(status);
  expect([sent, kept]).toEqual([[], []]);
  expect(growth).toBeLessThan(150 * MIB);
});
