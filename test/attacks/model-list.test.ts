import { expect, test } from 'vitest';
import { createLiveAccess } from '../../governance/metering/live-access.js';
import { createPriceBook } from '../../governance/prices/price-book.js';
import { aPolicy } from '../support/builders.js';
import { gatewayWorld } from '../support/gateway-world.js';

const policy = aPolicy();
const log = { info() {}, warn() {}, error() {} };

test.each([
  ['fails', () => Promise.reject(new Error('down'))],
  ['never answers', () => new Promise<never>(() => {})],
])(
  'while reading the list %s, callers cause one reading a minute, and each is counted',
  async (_how, list) => {
    let nowMs = 0;
    let readings = 0;
    const ends: string[] = [];
    const access = createLiveAccess({
      policy,
      priceBook: createPriceBook(policy),
      listModels: () => {
        readings += 1;
        return list();
      },
      nowMs: () => nowMs,
      log,
    });
    const metrics = { ended: (outcome: string) => void ends.push(outcome), refused() {} };
    const world = await gatewayWorld(() => {}, undefined, { access, metrics });
    const ask = async (path: string) =>
      (await world.ask(undefined, { path, method: 'GET' })).json() as Promise<{ code: string }>;

    for (let minute = 0; minute < 3; minute += 1) {
      nowMs = minute * 61_000;
      for (let count = 0; count < 20; count += 1) {
        expect((await ask('/v1/models')).code).toBe('upstream_unavailable');
        expect((await ask('/v1/models/mistral-small-latest')).code).toBe('upstream_unavailable');
      }
    }

    expect(readings).toBeLessThanOrEqual(3);
    expect(ends).toEqual(Array(120).fill('upstream_unavailable'));
    expect(world.received).toEqual([]);
  },
);
