import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { CONSUMERS_REFRESHED } from '../../../support/stories.js';

test('services restart after a rotation: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(CONSUMERS_REFRESHED, {
    play: 'one kind',
  });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
