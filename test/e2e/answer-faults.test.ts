import { expect, test } from 'vitest';
import { createAnswerFaults } from '../../e2e/answer-faults.js';

test('only the answer to the next call that matches is lost', async () => {
  const faults = createAnswerFaults<string>();
  const acted = faults.loseAnswer((call) => call.startsWith('delete'));
  expect(['list', 'delete 1', 'delete 2'].map(faults.loses)).toEqual([false, true, false]);
  await acted;
});

test('one call loses one answer, however many wait for its like', () => {
  const faults = createAnswerFaults<string>();
  void faults.loseAnswer((call) => call === 'list');
  void faults.loseAnswer((call) => call === 'list');
  expect(['list', 'list', 'list'].map(faults.loses)).toEqual([true, true, false]);
});
