import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { ROTATION_HELD } from '../../../support/stories.js';

test('a rotation that is due outside of the window: no fault at any call breaks an invariant, or promotes a key out of it', async () => {
  const { faultPoints, broken } = await playWithEveryFault(ROTATION_HELD, { play: 'one kind' });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
