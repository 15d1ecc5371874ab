import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { ROTATION_DURING_RETIREMENT } from '../../../support/stories.js';

test('a rotation while the previous retirement still waits: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(ROTATION_DURING_RETIREMENT, {
    play: 'one kind',
  });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
