import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { FIRST_ROTATION } from '../../../support/stories.js';

test('a first key, its rotation after 90 days, the retirement of the first: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(FIRST_ROTATION);
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
