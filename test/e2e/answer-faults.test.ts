import { expect, test } from 'vitest';
import { createGate } from '../../e2e/answer-faults.js';

test('only the answer to the next call that matches is lost', async () => {
  const gate = createGate<string>();
  const acted = gate.loseAnswer((call) => call.startsWith('delete'));
  expect(gate.keeps('list')).toBe(false);
  expect(gate.keeps('delete 1')).toBe(true);
  expect(gate.keeps('delete 2')).toBe(false);
  await acted;
});

test('one call loses one answer, however many wait for its like', () => {
  const gate = createGate<string>();
  void gate.loseAnswer((call) => call === 'list');
  void gate.loseAnswer((call) => call === 'list');
  expect([gate.keeps('list'), gate.keeps('list'), gate.keeps('list')]).toEqual([true, true, false]);
});
