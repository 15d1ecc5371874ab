import { expect, test } from 'vitest';
import { FAULTS } from '../../support/file-world.js';
import { playWithFaults, sequences } from './interleavings.js';

test('nothing of one caller reaches another, no matter what fails at any call of one operation', async () => {
  let runs = 0;
  for (const sequence of sequences(1)) runs += await playWithFaults(sequence, false);
  expect(runs).toBeGreaterThan(100);
});

test('the same for two operations, one after the other and at once', async () => {
  let runs = 0;
  let turn = 0;
  for (const sequence of sequences(2)) {
    // Each pair meets one kind of fault, at all of its calls; all of them in the exhaustive test.
    const kind = FAULTS[turn % FAULTS.length] ?? 'lost';
    turn += 1;
    if (turn % 8 === 0) runs += await playWithFaults(sequence, turn % 2 === 0, [kind]);
  }
  expect(runs).toBeGreaterThan(200);
});
