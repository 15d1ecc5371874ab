import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createPrompts } from '../../cli/terminal/prompts.js';

const KEY = 'KeyOfTheTests123456';

/** A terminal, what it displays, and whether it echoes what is typed. */
function terminal() {
  const modes: unknown[] = [];
  let interrupts = 0;
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  });
  const output = Object.assign(new PassThrough(), { isTTY: true });
  let displayed = '';
  const isPrompted = new Promise<void>((resolve) => {
    output.on('data', (chunk) => {
      displayed += String(chunk);
      if (displayed.includes('?')) resolve();
    });
  });
  return {
    prompts: createPrompts(input, output, () => {
      interrupts += 1;
    }),
    interrupts: () => interrupts,
    input,
    modes,
    displayed: () => displayed,
    /** Types each text once the prompt is there. */
    async type(...texts: readonly string[]) {
      await isPrompted;
      for (const text of texts) input.write(text);
    },
    async close() {
      await isPrompted;
      input.end();
    },
  };
}

describe('a key at a terminal', () => {
  test('is not displayed, even after corrections', async () => {
    const { prompts, type, displayed, modes } = terminal();
    const reading = prompts.readKey('key:');
    await type(`${KEY}xy`, '\u007f\u007f', '\r');
    expect((await reading).reveal()).toBe(KEY);
    for (const piece of [KEY.slice(0, 4), KEY.slice(-4), 'xy']) {
      expect(displayed()).not.toContain(piece);
    }
    expect(modes).toEqual([true, false]);
  });

  test('is not displayed on ^T either', async () => {
    const { prompts, type, displayed } = terminal();
    const reading = prompts.readKey('key:');
    await type(KEY, '\u0014', '\r');
    await reading;
    expect(displayed()).not.toContain(KEY.slice(0, 4));
  });

  test('is neither displayed nor taken before the prompt, which takes the next', async () => {
    const { prompts, input, type, displayed, modes } = terminal();
    const key = await prompts.withoutEcho(async () => {
      input.write('PastedTooEarly12345\r');
      await new Promise((resolve) => setImmediate(resolve));
      expect(modes).toEqual([true]); // a terminal in this mode displays nothing by itself
      const reading = prompts.readKey('key:');
      await type(KEY, '\r');
      return reading;
    });
    expect(key.reveal()).toBe(KEY);
    expect(displayed()).not.toContain('Pasted');
    expect(modes).toEqual([true, true, false]);
  });

  test('is displayed again after work that asked for none, and ^C ends such work', async () => {
    const { prompts, input, modes, interrupts } = terminal();
    await expect(prompts.withoutEcho(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(modes).toEqual([true, false]);
    expect(input.listenerCount('data')).toBe(0);

    const working = prompts.withoutEcho(() => new Promise<never>(() => {}));
    input.write('half a k\u0003');
    await expect(working).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(modes).toEqual([true, false, true, false]);
    expect(interrupts()).toBe(1);
  });

  test('^C interrupts the prompt, and the terminal echoes again', async () => {
    const { prompts, type, displayed, modes } = terminal();
    const reading = prompts.readKey('key:');
    await type('half a k', '\u0003');
    await expect(reading).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(displayed()).not.toContain('half');
    expect(modes).toEqual([true, false]);
  });

  test.each([
    ['^D', ({ type }: ReturnType<typeof terminal>) => type('\u0004')],
    ['the end of input', ({ close }: ReturnType<typeof terminal>) => close()],
    ['nothing typed', ({ type }: ReturnType<typeof terminal>) => type('\r')],
  ])('%s gives no key', async (_what, act) => {
    const world = terminal();
    const reading = world.prompts.readKey('key:');
    await Promise.all([
      act(world),
      expect(reading).rejects.toMatchObject({ code: 'wrong_input', exitCode: 2 }),
    ]);
    await expect(reading).rejects.toThrow('no key was given');
  });
});

describe('a piped key', () => {
  function piped(text: string) {
    const input = new PassThrough();
    input.end(text);
    return createPrompts(input, new PassThrough());
  }

  test('is read without its line end', async () => {
    expect((await piped(`${KEY}\r\n`).readKey('key:')).reveal()).toBe(KEY);
  });

  test('that is not valid is not quoted', async () => {
    const error = await piped('{"apiKey": "abc"}')
      .readKey('')
      .catch((caught: unknown) => caught);
    expect(String(error)).toContain('not a valid key');
    expect(String(error)).not.toContain('abc');
  });

  test('leaves nothing to answer questions with', () => {
    expect(piped('')).toMatchObject({ canAsk: false, isKeyTyped: false });
  });
});

describe('a question', () => {
  test.each([
    [['y', '\r'], true],
    [[' YES ', '\r'], true],
    [['\r'], false],
    [['no', '\r'], false],
    [['yeah no', '\r', '\u0015', 'n', '\r'], false], // asked again
    [['\u0004'], false],
  ])('answered with %j', async (texts, answer) => {
    const { prompts, type } = terminal();
    const asking = prompts.confirm('Sure?');
    await type(...texts);
    expect(await asking).toBe(answer);
  });

  test('at the end of input is answered with no', async () => {
    const { prompts, close } = terminal();
    const asking = prompts.confirm('Sure?');
    await close();
    expect(await asking).toBe(false);
  });

  test('is interrupted by ^C', async () => {
    const { prompts, type } = terminal();
    const asking = prompts.confirm('Sure?');
    await type('\u0003');
    await expect(asking).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
  });
});
