import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { KEY_REMOVED } from '../../../support/stories.js';

test('a key that leaves the policy: whichever call fails, it is revoked with an alert', async () => {
  const { faultPoints, broken } = await playWithEveryFault(KEY_REMOVED, { play: 'one kind' });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
