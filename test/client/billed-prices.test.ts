import { describe, expect, test, vi } from 'vitest';
import type { BilledPrices } from '../../governance/prices/billed-prices.js';
import { CHAT, clientWorld, MONEY } from '../support/client-world.js';
import { USAGE } from '../support/gateway-world.js';

describe("prices of Mistral's report", () => {
  const bill = (document: { prices: object }) => {
    document.prices = { source: 'bill' };
  };
  const billed = (input: string): BilledPrices => ({
    version: 1,
    currency: 'USD',
    readOn: '2026-06-30',
    models: {
      'mistral-small-2603': {
        seenOn: '2026-06-30',
        prices: [{ from: '2026-06-01', units: { inputToken: input, outputToken: '9000/1' } }],
      },
    },
  });
  const cost = (input: number, output: number) =>
    USAGE.prompt_tokens * input + USAGE.completion_tokens * output;

  test('are read at the start, and again after an hour', async () => {
    const world = await clientWorld({ policy: bill });
    await world.publish(billed('3000/1'));
    const mistral = await world.create();
    await mistral.chat.complete(CHAT);
    await mistral.flush();
    expect((await world.total(MONEY)).settled).toBe(cost(3000, 9000));

    await world.publish(billed('5000/1'));
    world.pass(3601);
    await mistral.chat.complete(CHAT); // reads them in the background
    await vi.waitFor(async () => {
      const before = (await world.total(MONEY)).settled;
      await mistral.chat.complete(CHAT);
      await mistral.flush();
      expect((await world.total(MONEY)).settled - before).toBe(cost(5000, 9000));
    });
  });

  test('that cannot be read stop nothing: the price book counts, and the log says so', async () => {
    const warned: unknown[] = [];
    const log = { info() {}, error() {}, warn: (message: string) => void warned.push(message) };
    const world = await clientWorld({ policy: bill, options: { log } });
    const mistral = await world.create();
    await mistral.chat.complete(CHAT);
    await mistral.flush();
    expect((await world.total(MONEY)).settled).toBe(cost(150, 600));
    expect(warned).toEqual(["prices of Mistral's report are not current"]);
  });
});
