import { expect, test } from 'vitest';
import { FAULTS } from '../../support/file-world.js';
import { playWithFaults, sequences } from './interleavings.js';

test.each([false, true])(
  'two operations with every fault at every call (at once: %s)',
  async (atOnce) => {
    let runs = 0;
    for (const sequence of sequences(2)) runs += await playWithFaults(sequence, atOnce);
    process.stdout.write(`${runs} runs of two operations\n`);
    expect(runs).toBeGreaterThan(5000);
  },
);

test('a quarter of three operations, each with one kind of fault at every call', async () => {
  let runs = 0;
  let turn = 0;
  for (const sequence of sequences(3)) {
    turn += 1;
    if (turn % 4 !== 1) continue;
    const kind = FAULTS[Math.floor(turn / 4) % FAULTS.length] ?? 'lost';
    runs += await playWithFaults(sequence, turn % 5 === 0, [kind]);
  }
  process.stdout.write(`${runs} runs of three operations\n`);
  expect(runs).toBeGreaterThan(10_000);
});
