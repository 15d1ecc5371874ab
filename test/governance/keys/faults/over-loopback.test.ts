import { expect, test } from 'vitest';
import { OVER_LOOPBACK, playWithEveryFault } from '../../../support/fault-suite.js';
import { FAULT_KINDS } from '../../../support/faults.js';
import { NEW_KEY_GOES_BAD } from '../../../support/stories.js';

// A client waits for each of these in real time: `npm run test:exhaustive` does.
const KINDS = FAULT_KINDS.filter((kind) => kind !== 'timeout');

test('over real connections, too, a new key that goes bad is rolled back, also if any call fails', async () => {
  const { faultPoints, broken } = await playWithEveryFault(NEW_KEY_GOES_BAD, {
    kinds: KINDS,
    transport: OVER_LOOPBACK,
  });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(50);
});
