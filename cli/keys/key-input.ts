import type { Readable, Writable } from 'node:stream';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { wrongInput } from '../failure.js';
import { interrupted } from '../terminal/prompts.js';

/** A terminal's input, as far as it can be told to show nothing of what is typed. */
export type KeySource = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

// What RFC 6750 allows in a bearer token; no JSON, no sentence and no HTML passes.
const TOKEN = /^[\w.~+/-]{16,512}=*$/;
const LONGEST_INPUT = 4096;

/** Reads a key: typed or pasted unseen at a terminal, else all of stdin. @throws CommandFailure */
export async function readKey(input: KeySource, output: Writable, prompt: string): Promise<ApiKey> {
  const text =
    input.isTTY === true ? await readUnseen(input, output, prompt) : await readAll(input);
  const key = text.trim();
  // It is not quoted: it may be a key all the same.
  if (key === '') throw wrongInput('no key was given: paste it at the prompt, or pipe it to stdin');
  if (!TOKEN.test(key)) {
    throw wrongInput('what was given is no key: must be one line that holds the key alone');
  }
  return new ApiKey(key);
}

async function readAll(input: Readable): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > LONGEST_INPUT) break;
  }
  return text;
}

const ENTER = /[\r\n]/;
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = /[\b\u007f]/;

function readUnseen(input: KeySource, output: Writable, prompt: string): Promise<string> {
  output.write(prompt);
  input.setRawMode?.(true);
  return new Promise((resolve, reject) => {
    let typed = '';
    function end(settle: () => void): void {
      input.off('data', take);
      input.off('end', close);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      settle();
    }
    const close = () => end(() => resolve(typed));
    function take(chunk: unknown): void {
      for (const character of String(chunk)) {
        if (character === CTRL_C) end(() => reject(interrupted()));
        else if (ENTER.test(character) || character === CTRL_D) close();
        else {
          typed = BACKSPACE.test(character) ? typed.slice(0, -1) : typed + character;
          continue;
        }
        return;
      }
    }
    input.on('data', take);
    input.once('end', close);
    input.resume();
  });
}
