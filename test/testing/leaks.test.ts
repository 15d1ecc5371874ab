import { expect, test } from 'vitest';
import { leaksIn } from '../support/invariants.js';

const KEY = 'HQSxfB7IaJRKNHRv0e5OAYJNO1h2Ug6Y';
const PIECES = Array.from({ length: KEY.length - 7 }, (_, at) => KEY.slice(at, at + 8));

test('every eight-character piece of a key is found, wherever it is in a text', () => {
  for (const piece of PIECES) {
    for (let before = 0; before < 10; before += 1) {
      expect(leaksIn(`${'.'.repeat(before)}${piece}...`, ['another-key', KEY])).toEqual([piece]);
    }
  }
});

test('a whole key is found by all of its pieces', () => {
  expect(leaksIn(`key=${KEY}`, [KEY])).toEqual(PIECES);
});

test('seven characters are not a piece', () => {
  for (const piece of PIECES) expect(leaksIn(`....${piece.slice(1)}....`, [KEY])).toEqual([]);
});

test('a text that is too short holds no piece', () => {
  expect(leaksIn('', [KEY])).toEqual([]);
  expect(leaksIn('short', ['short'])).toEqual([]);
});
