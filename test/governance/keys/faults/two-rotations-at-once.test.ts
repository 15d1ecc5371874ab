import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { TWO_ROTATIONS_AT_ONCE } from '../../../support/stories.js';

test('two concurrent rotations: no fault at any call breaks an invariant', async () => {
  const { faultPoints, broken } = await playWithEveryFault(TWO_ROTATIONS_AT_ONCE);
  process.stdout.write(`${faultPoints} fault points: two rotations asked for at once\n`);
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
}, 120_000);
