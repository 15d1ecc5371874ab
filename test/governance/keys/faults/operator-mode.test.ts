import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { OPERATOR_MODE } from '../../../support/operator-stories.js';

test('operator mode: whichever call fails, only the deletion of replaced keys is requested', async () => {
  const { faultPoints, broken } = await playWithEveryFault(OPERATOR_MODE, { play: 'one kind' });
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
});
