import { expect, test } from 'vitest';
import { LATE, until, within } from '../../e2e/waiting.js';

const never = () => new Promise<never>(() => {});

test('the answer that will do is the one that is returned', async () => {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return asked;
  };
  expect(await until('three', ask, (answer) => answer === 3, { pauseMs: 0 })).toBe(3);
});

test('waiting ends after so many attempts, with what was seen last', async () => {
  const waiting = until(
    'an end',
    async () => ({ status: 'RUNNING' }),
    () => false,
    {
      attempts: 3,
      pauseMs: 0,
    },
  );
  await expect(waiting).rejects.toThrow(
    /^expected an end within 3 attempts and \d+ s, but got {"status":"RUNNING"}$/,
  );
});

test('waiting ends after so much time, also where nothing answers', async () => {
  const waiting = until('an answer', never, () => true, { limitMs: 20 });
  await expect(waiting).rejects.toThrow(/^expected an answer within 0 attempts .*"no answer"$/);
});

test('an outcome in time is not one that is late', async () => {
  expect(await within(60_000, Promise.resolve('here'))).toBe('here');
  expect(await within(1, never())).toBe(LATE);
  await expect(within(60_000, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
