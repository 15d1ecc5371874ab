import { expect, test } from 'vitest';
import { type AwaitedAnswer, LateAnswers } from '../../gateway/late-answers.js';
import { eventually } from '../support/gateway-world.js';

const AFTER_MS = 60;

function awaiting(late: string[], name: string): AwaitedAnswer {
  return { askedAtMs: 0, earlier: undefined, later: undefined, late: () => void late.push(name) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test.each([
  ['the oldest', ['a'], ['b', 'c', 'd']],
  ['one in the middle', ['b'], ['a', 'c', 'd']],
  ['the newest', ['d'], ['a', 'b', 'c']],
  ['several', ['b', 'c'], ['a', 'd']],
  ['one twice', ['a', 'a', 'd', 'd'], ['b', 'c']],
  ['all', ['c', 'a', 'd', 'b'], []],
])(
  '%s of four answers begin, and the others are late in their order',
  async (_which, begun, rest) => {
    const late: string[] = [];
    const answers = new LateAnswers(AFTER_MS);
    const asked = new Map(['a', 'b', 'c', 'd'].map((name) => [name, awaiting(late, name)]));
    for (const one of asked.values()) answers.await(one);
    for (const name of begun) answers.ended(asked.get(name) as AwaitedAnswer);

    await pause(AFTER_MS / 2);
    expect(late).toEqual([]);
    await pause(AFTER_MS);
    expect(late).toEqual(rest);
  },
);

test('each has the whole time, also one that began while another was waiting', async () => {
  const late: string[] = [];
  const answers = new LateAnswers(AFTER_MS);
  const asked: number[] = [];
  const seen: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    const one = awaiting(late, `${at}`);
    asked.push(performance.now());
    answers.await({ ...one, late: () => void seen.push(performance.now()) });
    await pause(15);
  }

  await eventually(() => seen.length === 5);
  for (const [at, ms] of seen.entries())
    expect(ms - (asked[at] ?? 0)).toBeGreaterThanOrEqual(AFTER_MS);
});

test('an answer that is late may end others', async () => {
  const late: string[] = [];
  const answers = new LateAnswers(AFTER_MS);
  const second = awaiting(late, 'second');
  answers.await({ ...awaiting(late, 'first'), late: () => answers.ended(second) });
  answers.await(second);
  await pause(2 * AFTER_MS);

  const third = awaiting(late, 'third');
  answers.await(third);
  await eventually(() => late.length > 0);
  expect(late).toEqual(['third']);
});
