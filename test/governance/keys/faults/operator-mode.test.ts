import { expect, test } from 'vitest';
import { playWithEveryFault } from '../../../support/fault-suite.js';
import { OPERATOR_MODE } from '../../../support/operator-stories.js';

test('a person in place of the Admin API: whatever call fails, old keys and no others are asked to be deleted', async () => {
  const { faultPoints, broken } = await playWithEveryFault(OPERATOR_MODE);
  process.stdout.write(`${faultPoints} fault points: operator mode\n`);
  expect(broken).toEqual([]);
  expect(faultPoints).toBeGreaterThan(100);
}, 360_000);
