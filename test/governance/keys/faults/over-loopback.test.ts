import { expect, test } from 'vitest';
import { OVER_LOOPBACK, playWithEveryFault } from '../../../support/fault-suite.js';
import { NEW_KEY_GOES_BAD } from '../../../support/stories.js';

// Every kind of fault in every story, timeouts in real time too, is what `npm run test:exhaustive` plays.
test('over real connections, too, a new key that goes bad is rolled back whichever call fails', async () => {
  const { faultPoints, broken } = await playWithEveryFault(NEW_KEY_GOES_BAD, {
    kinds: ['error after', 'crash'],
    transport: OVER_LOOPBACK,
  });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(30);
});
