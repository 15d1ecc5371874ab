import { expect, test } from 'vitest';
import { createReadiness } from '../../../gateway/server/readiness.js';
import type { Missing } from '../../../gateway/wiring.js';

/** Each answer is what is missing a while after the one before; the last stays. */
async function after(...answers: readonly (readonly [seconds: number, Missing])[]) {
  let at = 0;
  let left = answers;
  const seen: unknown[] = [];
  const { becomeReady, current } = createReadiness({
    nowMs: () => at * 1000,
    async missing() {
      const [[seconds, missing], ...rest] = left as [(typeof answers)[0]];
      at += seconds;
      if (rest.length > 0) left = rest;
      return missing;
    },
    pause: async () => void seen.push(current()),
  });
  seen.push(current());
  await becomeReady();
  return [...seen, current()];
}

const NONE = { models: false, keys: [] };
const READY = { ready: true, waitingFor: [], unavailable: [] };

test('is ready once models and keys were read', async () => {
  const waiting = { ready: false, unavailable: [] };
  expect(
    await after(
      [0, { models: true, keys: ['dev', 'prod'] }],
      [1, { models: false, keys: ['prod'] }],
      [1, NONE],
    ),
  ).toEqual([
    { ...waiting, waitingFor: ['models', 'keys'] },
    { ...waiting, waitingFor: ['models', 'key of workspace dev', 'key of workspace prod'] },
    { ...waiting, waitingFor: ['key of workspace prod'] },
    READY,
  ]);
});

test('after a minute, the key of one workspace keeps no process from serving the others', async () => {
  const states = await after(
    [59, { models: false, keys: ['dev'] }],
    [1, { models: false, keys: ['dev'] }],
  );
  expect(states.at(-2)).toMatchObject({ ready: false });
  expect(states.at(-1)).toEqual({ ...READY, unavailable: ['key of workspace dev'] });
});

test('without any model, none is ready', async () => {
  const states = await after([3600, { models: true, keys: ['dev'] }], [1, NONE]);
  expect(states.at(-2)).toMatchObject({ ready: false, waitingFor: ['models'] });
  expect(states.at(-1)).toEqual(READY);
});
