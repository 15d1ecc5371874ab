import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { OPERATOR_MODE } from '../../../support/operator-stories.js';

test('a person in place of the Admin API: whatever call fails, old keys and no others are asked to be deleted', async () => {
  const { faultPoints, broken } = await playWithEveryFault(OPERATOR_MODE);
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
