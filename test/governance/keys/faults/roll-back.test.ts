import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { NEW_KEY_GOES_BAD } from '../../../support/stories.js';

test('a new key that goes bad is rolled back: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(NEW_KEY_GOES_BAD, { play: 'one kind' });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(50);
});
