import { expect, test } from 'vitest';
import { holdsOfWorstBodies } from '../../bench/gateway/longest-hold.js';

// Twice the aim of `npm run bench`: other tests run at the same time.
const AT_MOST_MS = 100;

test('no body of a known caller holds up other requests', async () => {
  const holds = await holdsOfWorstBodies(1);

  expect(holds.filter(({ milliseconds }) => milliseconds > AT_MOST_MS)).toEqual([]);
  expect(holds.length).toBeGreaterThan(70);
});
