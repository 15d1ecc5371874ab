import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { authorizeRequest } from '../../governance/access/authorize.js';
import { compileAccess } from '../../governance/access/compile-access.js';
import { createModelDirectory } from '../../governance/access/model-directory.js';
import { demandOf } from '../../governance/metering/demand.js';
import { createMetering } from '../../governance/metering/metering.js';
import { parseRequestBody } from '../../governance/metering/request-body.js';
import { createTariff } from '../../governance/metering/tariff.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import type { Counter } from '../../governance/quotas/counter.js';
import type { ExchangeAnswer } from '../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../governance/quotas/quota-holder.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { aPolicy } from '../support/builders.js';
import { anEndpoint } from '../support/endpoints.js';

/** The caller of a role chooses its session's name, and each name has tokens of its own a day. */
const ROLE = 'arn:aws:sts::111122223333:assumed-role/developer';
const NAMES = 35_000;
const AT_ONCE = 500;
/** A lease for rare use is returned within so many flushes, one a second. */
const FLUSHES = 15;

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapMegabytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** A gateway's decision and quotas, over counters whose answers may be lost. */
function aGateway() {
  const policy = aPolicy();
  const priceBook = createPriceBook(policy);
  const access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  const fake = createFakeQuotaCounters();
  let nowMs = Date.parse('2026-11-23T08:00:00Z');
  let clockReads = 0;
  let isLossy = false;
  const holder = createQuotaHolder({
    holderId: 'gateway',
    counters: {
      ...fake,
      async exchange(...asked): Promise<ExchangeAnswer> {
        const answer = await fake.exchange(...asked);
        if (isLossy) throw new Error('the answer was lost');
        return answer;
      },
    },
    nowMs() {
      clockReads += 1;
      return nowMs;
    },
  });
  const metering = createMetering(policy, holder, createTariff(priceBook));
  const body = parseRequestBody(
    Buffer.from('{"model":"mistral-small-latest","max_tokens":100,"messages":[]}'),
    anEndpoint(),
  );
  if (body.kind === 'problem') throw new Error(body.message);

  return {
    /** The counters of tokens a day. */
    daily: (): Counter[] =>
      [...fake.counters].filter(([name]) => name.includes('tokens#')).map(([, counter]) => counter),

    fake,

    async request(session: string): Promise<void> {
      const asked = { model: body.model, maxTokens: body.maxTokens };
      const grant = authorizeRequest(access, `${ROLE}/${session}`, asked);
      if (grant.kind === 'refuse') throw new Error(grant.message);
      const hold = await metering.reserve(demandOf(body, 100, 'generation', grant, access.models));
      if (hold.kind !== 'reserved') throw new Error(hold.kind);
      hold.delivered({ prompt_tokens: 20, completion_tokens: 10 });
    },

    /** How much a flush had to do: it reads the clock for each account that it looks at. */
    async pass(seconds: number): Promise<{ looks: number; writes: number }> {
      nowMs += seconds * 1000;
      const [reads, writes] = [clockReads, fake.writes()];
      await holder.flush();
      return { looks: clockReads - reads, writes: fake.writes() - writes };
    },

    loseAnswers(lossy: boolean) {
      isLossy = lossy;
    },
  };
}

test('35,000 session names leave neither memory nor work behind', async () => {
  const gateway = aGateway();
  let mostLooks = 0;
  async function wave(from: number): Promise<void> {
    for (let name = from; name < from + AT_ONCE; name += 1) {
      await gateway.request(`session-${name}`);
      // Before the requests of the minute are exhausted.
      if (name % 50 === 49) mostLooks = Math.max(mostLooks, (await gateway.pass(60)).looks);
    }
  }
  await wave(0);
  for (let flush = 0; flush < FLUSHES; flush += 1) await gateway.pass(1);
  const before = heapMegabytes();

  for (let from = AT_ONCE; from < NAMES; from += AT_ONCE) await wave(from);
  for (let flush = 0; flush < FLUSHES; flush += 1) await gateway.pass(1);
  expect(await gateway.pass(1)).toEqual({ looks: 0, writes: 0 });
  expect(mostLooks).toBeLessThan(1_000);
  const daily = gateway.daily();
  expect(daily).toHaveLength(NAMES);
  for (const { settled, committed, leases } of daily) {
    expect([settled, committed, leases.size]).toEqual([30, 30, 0]);
  }
  daily.length = 0;
  // What the stand-in for DynamoDB keeps is not the gateway's.
  gateway.fake.forget();
  expect(heapMegabytes() - before).toBeLessThan(15);
});

test('names whose answers were lost go too, once no command can arrive late', async () => {
  const gateway = aGateway();
  for (let name = 0; name < 50; name += 1) await gateway.request(`session-${name}`);
  gateway.loseAnswers(true);
  await gateway.pass(1);
  gateway.loseAnswers(false);
  for (let flush = 0; flush < FLUSHES; flush += 1) await gateway.pass(1);
  // Emptied and not removed: a late command would find its lease gone, but not its place free.
  expect(gateway.daily().map(({ leases }) => leases.get('gateway')?.amount)).toEqual(
    Array(50).fill(0),
  );
  await gateway.pass(310);
  expect(gateway.daily().map(({ leases }) => leases.size)).toEqual(Array(50).fill(0));
  expect(await gateway.pass(1)).toEqual({ looks: 0, writes: 0 });
  expect(gateway.daily().map(({ settled }) => settled)).toEqual(Array(50).fill(30));
});
