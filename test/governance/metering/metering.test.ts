import { expect, test, vi } from 'vitest';
import type { MeteredAnswer } from '../../../governance/metering/answer-meter.js';
import type { Hold } from '../../../governance/metering/hold.js';
import { createMetering } from '../../../governance/metering/metering.js';
import type { Tariff } from '../../../governance/metering/tariff.js';
import { aPolicy } from '../../support/builders.js';
import { aDemand } from '../../support/client-demand.js';
import { fakeQuotas, fakeTariff } from '../../support/gateway-fakes.js';

/** 50 tokens of prompt at most, and up to 2,000 more; its caller has daily tokens. */
const DEMAND = aDemand({ promptTokens: 50, completionTokens: 2000 });
const TOKENS = 2050;
const COST = 4050;
/** Of a stream that was cut, beside what was delivered. */
const UNSEEN = 1024;
const DAILY = { principal: 'c', workspaceId: 'w', limit: 100_000 };
const GRANT = { ...DEMAND.grant, workspace: 'prod-workspace', dailyTokens: DAILY };

async function reserved(tariff: Tariff = fakeTariff) {
  const quotas = fakeQuotas();
  const metering = createMetering(aPolicy(), quotas, tariff);
  return { quotas, hold: (await metering.reserve({ ...DEMAND, grant: GRANT })) as Hold };
}

const MONEY = ['hour', 'day', 'month'].map((window) => `workspace#prod-workspace usd ${window}`);
const USAGE = { prompt_tokens: 9, completion_tokens: 4 };

function partial(more: Partial<MeteredAnswer>): MeteredAnswer {
  const nothing = { usage: undefined, hasFailed: false, deliveredTokens: 0, events: 0 };
  return { ...nothing, generated: 'as delivered', ...more };
}

test('a request claims itself, its cost in every budget, and its tokens', async () => {
  const { quotas } = await reserved();
  expect(quotas.reserved()).toBe(1 + 3 * COST + TOKENS);
});

test.each<[string, (hold: Hold) => void, number, number]>([
  ['an answer with usage', (hold) => hold.delivered(USAGE), 17, 13],
  ['an answer without usage', (hold) => hold.delivered(undefined), COST, TOKENS],
  [
    'an answer with implausible usage',
    (hold) => hold.delivered({ prompt_tokens: 'x' }),
    COST,
    TOKENS,
  ],
  [
    'a stream cut after 5 tokens',
    (hold) => hold.endedEarly(partial({ deliveredTokens: 5 })),
    50 + 2 * (5 + UNSEEN),
    50 + 5 + UNSEEN,
  ],
  [
    'a stream that delivered more than requested',
    (hold) => hold.endedEarly(partial({ deliveredTokens: 5000 })),
    COST,
    TOKENS,
  ],
  ['a stream cut after its usage', (hold) => hold.endedEarly(partial({ usage: USAGE })), 17, 13],
  [
    'a JSON answer that broke off',
    (hold) => hold.endedEarly(partial({ generated: 'all' })),
    COST,
    TOKENS,
  ],
  ['an answer that is an error', (hold) => hold.ended(partial({ hasFailed: true })), 0, 0],
  [
    'an answer that is an error instead of JSON',
    (hold) => hold.ended(partial({ hasFailed: true, generated: 'all' })),
    0,
    0,
  ],
  [
    'an error after 5 tokens',
    (hold) => hold.ended(partial({ hasFailed: true, deliveredTokens: 5 })),
    60,
    55,
  ],
  [
    'an error after its usage',
    (hold) => hold.ended(partial({ hasFailed: true, usage: USAGE })),
    17,
    13,
  ],
  ['a stream cut after its error', (hold) => hold.endedEarly(partial({ hasFailed: true })), 0, 0],
  ['no answer at all', (hold) => hold.endedEarly(), COST, TOKENS],
  ['an error of Mistral', (hold) => hold.failed(500), 0, 0],
  ['an answer that a proxy gave up on', (hold) => hold.failed(504), COST, TOKENS],
])('%s is settled in every quota', async (_name, end, cost, tokens) => {
  const { quotas, hold } = await reserved();

  end(hold);

  expect(quotas.settled('workspace#prod-workspace requests minute')).toBe(1);
  expect(MONEY.map((name) => quotas.settled(name))).toEqual([cost, cost, cost]);
  expect(quotas.settled('caller#c tokens day')).toBe(tokens);
  expect(quotas.reserved()).toBe(0);
});

test.each<[string, Partial<MeteredAnswer> | undefined, number]>([
  ['before it began', undefined, 3 * UNSEEN],
  ['after two events with 5 tokens', { deliveredTokens: 5, events: 2 }, 5 + 2 * 2 + 3 * UNSEEN],
  ['after an error', { hasFailed: true, deliveredTokens: 5, events: 2 }, 5 + 2 * 2],
])('of three completions, a stream that is cut %s counts all', async (_when, answer, tokens) => {
  const quotas = fakeQuotas();
  const metering = createMetering(aPolicy(), quotas, fakeTariff);
  const demand = { ...DEMAND, completionTokens: 6000, completions: 3, streamed: true };
  const hold = (await metering.reserve({ ...demand, grant: GRANT })) as Hold;

  hold.endedEarly(answer && partial(answer));

  expect(quotas.settled('caller#c tokens day')).toBe(DEMAND.promptTokens + tokens);
});

test.each([
  ['costs no tokens', { completionTokens: 0 }, 0],
  ['that could have generated text costs its bound', {}, TOKENS],
])('what has no price and no usage %s', async (_what, more, tokens) => {
  const quotas = fakeQuotas();
  const metering = createMetering(aPolicy(), quotas, { ...fakeTariff, bound: () => 0 });
  const hold = (await metering.reserve({ ...DEMAND, ...more, grant: GRANT })) as Hold;

  hold.delivered(undefined);

  expect(quotas.settled('caller#c tokens day')).toBe(tokens);
  expect(quotas.ends).toEqual({ settled: 1, released: 0 });
});

test('a hold ends exactly once', async () => {
  const { quotas, hold } = await reserved();
  const onEnd = vi.fn();
  hold.onEnd = onEnd;

  hold.delivered(USAGE);
  hold.failed(500);
  hold.release();

  expect(onEnd).toHaveBeenCalledOnce();
  expect(quotas.ends).toEqual({ settled: 1, released: 0 });
});

test('a released hold leaves no trace', async () => {
  const { quotas, hold } = await reserved();
  hold.release();
  hold.delivered(USAGE);
  expect(quotas.ends).toEqual({ settled: 0, released: 1 });
  expect(quotas.settled('workspace#prod-workspace requests minute')).toBe(0);
});

test('a model without a price is rejected', async () => {
  const { quotas, hold } = await reserved({ ...fakeTariff, bound: () => undefined });
  expect(hold).toEqual({ kind: 'unpriced' });
  expect(quotas.reserved()).toBe(0);
});

test.each(['at once', 'later'])('quotas that fail %s are unavailable', async (when) => {
  const failing = () => {
    if (when === 'at once') throw new RangeError('broken');
    return Promise.reject(new RangeError('broken'));
  };
  const metering = createMetering(aPolicy(), { reserve: failing }, fakeTariff);
  expect(await metering.reserve(DEMAND)).toEqual({ kind: 'unavailable', reason: 'RangeError' });
});

test('every request uses the same quota objects, by which a holder finds its leases', async () => {
  const quotas = fakeQuotas();
  const seen = new Set<unknown>();
  const metering = createMetering(
    aPolicy(),
    {
      reserve(claims) {
        for (const { quota } of claims) seen.add(quota);
        return quotas.reserve(claims);
      },
    },
    fakeTariff,
  );

  for (let i = 0; i < 10; i += 1) await metering.reserve({ ...DEMAND, grant: GRANT });

  expect(seen.size).toBe(5);
});
