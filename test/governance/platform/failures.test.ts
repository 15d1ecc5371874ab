import { expect, test } from 'vitest';
import { createFailures } from '../../../governance/platform/failures.js';

function failures(level?: 'warn' | 'error') {
  const lines: unknown[] = [];
  const write =
    (at: string) =>
    (message: string, ...fields: object[]) =>
      void lines.push({ at, message, ...Object.assign({}, ...fields) });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  return { lines, ...createFailures(log, level) };
}

const fail = (reason: unknown) => () => Promise.reject(reason);

test('what succeeds gives its answer, and nothing is thrown', async () => {
  const { attempt, throwIfAny, list, lines } = failures();
  expect(await attempt('secret not read', 'a', async () => 7)).toBe(7);
  expect([list, lines]).toEqual([[], []]);
  expect(throwIfAny).not.toThrow();
});

test('what fails stops nothing else, is logged, and is named at the end with its cause', async () => {
  const denied = new Error('denied');
  const { attempt, throwIfAny, list, lines } = failures();
  expect(await attempt('secret not read', 'a', fail(denied))).toBeUndefined();
  await attempt('secret not read', 'b', fail('gone'));
  expect(list.map(({ subject, reason }) => [subject, reason])).toEqual([
    ['a', 'denied'],
    ['b', 'gone'],
  ]);
  expect(lines[0]).toEqual({
    at: 'error',
    message: 'secret not read',
    subject: 'a',
    error: denied,
  });
  expect(throwIfAny).toThrow('secret not read (a): denied; secret not read (b): gone');
});

test('a failure that the caller goes on without is a warning', async () => {
  const { attempt, lines } = failures('warn');
  await attempt('spend not read', 'a', fail(new Error('denied')));
  expect(lines).toMatchObject([{ at: 'warn' }]);
});

test('of very many failures the message names as many as fit', async () => {
  const { attempt, throwIfAny } = failures();
  for (let at = 0; at < 500; at += 1) await attempt('secret not read', `s${at}`, fail('denied'));
  expect(throwIfAny).toThrow(/^(?=.{900,1000}$)secret not read \(s0\): denied; .*\.\.\.$/);
});
