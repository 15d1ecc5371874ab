import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readKey } from '../../cli/keys/key-input.js';

const KEY = 'KeyOfTheTests123456';

/** A terminal, and what it was told to do. */
function terminal() {
  const did: unknown[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => did.push(isRaw),
  });
  const output = new PassThrough();
  return {
    input,
    output,
    did,
    reading: readKey(input, output, 'key: '),
    shown: () => `${output.read()}`,
  };
}

test('a key typed at a terminal is not shown, whatever was corrected', async () => {
  const { input, did, reading, shown } = terminal();
  input.write(`${KEY}xy`);
  input.write('\u007f\u007f\r');
  expect((await reading).reveal()).toBe(KEY);
  expect(shown()).toBe('key: \n');
  expect(did).toEqual([true, false]);
});

test('^C ends the question, and the terminal shows again what is typed', async () => {
  const { input, did, reading } = terminal();
  input.write('half a k\u0003');
  await expect(reading).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
  expect(did).toEqual([true, false]);
});

test('nothing typed is no key', async () => {
  const { input, reading } = terminal();
  input.write('\u0004');
  await expect(reading).rejects.toThrow('no key was given');
});

test('a piped key is taken without its line end', async () => {
  const input = new PassThrough();
  input.end(`${KEY}\r\n`);
  expect((await readKey(input, new PassThrough(), 'key: ')).reveal()).toBe(KEY);
});

test('what is no key is not quoted', async () => {
  const input = new PassThrough();
  input.end('{"apiKey": "abc"}');
  const error = await readKey(input, new PassThrough(), '').catch((caught: unknown) => caught);
  expect(String(error)).not.toContain('abc');
});
