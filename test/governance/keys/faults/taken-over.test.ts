import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { TAKEN_OVER } from '../../../support/stories.js';

test('secrets that were there before: no fault at any call breaks an invariant, or changes a byte of others', async () => {
  const { faultPoints, broken } = await playWithEveryFault(TAKEN_OVER, { play: 'one kind' });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
