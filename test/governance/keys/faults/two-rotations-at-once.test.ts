import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { TWO_ROTATIONS_AT_ONCE } from '../../../support/stories.js';

test('two concurrent rotations: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(TWO_ROTATIONS_AT_ONCE, {
    play: 'one kind',
  });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
