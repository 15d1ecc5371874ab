import { expect, test } from 'vitest';
import { createGatewayMetrics } from '../../gateway/gateway-metrics.js';
import { assembledGateway } from '../support/assembled-gateway.js';
import { usePricesTimes } from '../support/builders.js';
import { answerJson, CHAT, COMPLETION } from '../support/gateway-world.js';

const ML = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';
const PROD = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a03';
/** 11 tokens at 0.15 and 7 at 0.60 dollars a million, in nano-dollars. */
const COST = 5850;

/** A gateway before a Mistral that limits prod-workspace: its callers' requests go to ml-workspace. */
async function limitedProd(change: Parameters<typeof assembledGateway>[1]) {
  const lines: unknown[] = [];
  const metrics = createGatewayMetrics({
    write: (dimension, value, metrics) => void lines.push([dimension, value, metrics]),
  });
  const gateway = await assembledGateway(
    (response, { headers }) =>
      headers.authorization?.endsWith('prod-workspace')
        ? answerJson(
            response,
            429,
            { message: 'limit' },
            { 'x-ratelimit-remaining-req-minute': '0' },
          )
        : answerJson(response, 200, COMPLETION),
    change,
    metrics,
  );
  return {
    lines,
    ask: async () => {
      const answer = await gateway.ask({ ...CHAT, max_tokens: 100 }, 'platform-admin');
      await answer.arrayBuffer();
      return answer.status;
    },
    settled: gateway.settledByCounter,
  };
}

test('money that is spent with the key of another workspace counts in the budgets of both', async () => {
  const gateway = await limitedProd(() => {});

  expect(await gateway.ask()).toBe(200);

  expect(await gateway.settled()).toEqual({
    [`quota#workspace#${PROD} usd#2026-06-30T12`]: COST,
    [`quota#workspace#${PROD} usd#2026-06-30`]: COST,
    [`quota#workspace#${PROD} usd#2026-06`]: COST,
    // What met the rate limit was a request, too.
    [`quota#workspace#${PROD} requests#2026-06-30T12:00`]: 1,
    // Where it is sent, as Mistral counts it.
    [`quota#workspace#${ML} requests#2026-06-30T12:00`]: 1,
    [`quota#workspace#${ML} usd#2026-06-30`]: COST,
    [`quota#workspace#${ML} usd#2026-06`]: COST,
    [`quota#lent#${ML} usd#2026-06-30`]: COST,
    [`quota#borrowed#${PROD} usd#2026-06-30`]: COST,
    [`quota#borrowed#${PROD} usd#2026-06`]: COST,
  });
  const way = ['overflow', 'prod-workspace to ml-workspace', { OverflowSpend: [COST / 1e9] }];
  expect(gateway.lines).toContainEqual(way);
});

test('whose own budget is exhausted does not go on with that of a neighbour', async () => {
  const gateway = await limitedProd((document) => {
    document.workspaces[2].budgets = { dailyUsd: 0.01 };
    usePricesTimes(100, document);
  });
  const statuses: number[] = [];
  for (let request = 0; request < 20; request += 1) statuses.push(await gateway.ask());

  expect(statuses).toContain(200);
  expect(statuses.at(-1)).toBe(402);
  const settled = await gateway.settled();
  expect(settled[`quota#workspace#${PROD} usd#2026-06-30`]).toBeLessThanOrEqual(0.01e9);
  expect(settled[`quota#workspace#${ML} usd#2026-06-30`]).toBe(
    settled[`quota#workspace#${PROD} usd#2026-06-30`],
  );
});

test('a workspace lends no more than its policy says, whichever workspaces borrow', async () => {
  const gateway = await limitedProd((document) => {
    document.workspaces[1].lends = { dailyUsd: 0.01 };
    usePricesTimes(100, document);
  });
  const statuses: number[] = [];
  for (let request = 0; request < 20; request += 1) statuses.push(await gateway.ask());

  expect(statuses).toContain(200);
  expect(statuses.at(-1)).toBe(429); // of its own workspace, whose money is not exhausted
  const settled = await gateway.settled();
  const lent = settled[`quota#lent#${ML} usd#2026-06-30`] ?? 0;
  expect(lent).toBeGreaterThan(0);
  expect(lent).toBeLessThanOrEqual(0.01e9);
  expect(settled[`quota#workspace#${ML} usd#2026-06-30`]).toBe(lent);
  expect(gateway.lines).toContainEqual([
    'workspace',
    'ml-workspace',
    { OverflowRefusals: statuses.filter((status) => status === 429).length },
  ]);
});
