import type { Readable } from 'node:stream';
import { confirm, input as line, password } from '@inquirer/prompts';
import { type ApiKey, ApiKeySchema, withoutMargins } from '../../governance/mistral/api-key.js';
import { CommandFailure, EXIT, wrongInput } from '../failure.js';
import type { Output } from './style.js';

/** A stream that may be a terminal's keyboard. */
export type Input = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/** What the user is asked. Prompts are drawn on stderr, so that stdout has the answer alone. */
export interface Prompts {
  /** Whether a question can be answered; otherwise commands need `--yes`. */
  readonly canAsk: boolean;
  /** Whether the key is typed at a terminal, and not piped to stdin. */
  readonly isKeyTyped: boolean;
  /**
   * Work that leads to `readKey`. A key that is pasted before the prompt would be displayed by the
   * terminal: until then it displays nothing, and nothing typed is taken but ^C.
   */
  withoutEcho<Result>(work: () => Promise<Result>): Promise<Result>;
  /** No by default, and at the end of input. @throws CommandFailure on ^C */
  confirm(question: string): Promise<boolean>;
  /** A line that has no problem, as described. @throws CommandFailure on ^C and at the end of input */
  readLine(
    question: string,
    problemOf: (text: string) => string | undefined,
    suggestion?: string,
  ): Promise<string>;
  /** A key, typed or pasted without being shown, or all of a piped stdin. @throws CommandFailure */
  readKey(prompt: string): Promise<ApiKey>;
}

/** @param interrupt what a terminal does on ^C, unless a program reads it */
export function createPrompts(
  input: Input,
  output: Output,
  interrupt: () => void = () => process.kill(process.pid, 'SIGINT'),
): Prompts {
  const isKeyTyped = input.isTTY === true;
  let stopDropping: (() => void) | undefined;

  /** Rejects on ^C, which a terminal without echo does not turn into a signal. */
  function dropTyped(): Promise<never> {
    input.setRawMode?.(true);
    return new Promise((_resolve, reject) => {
      const drop = (typed: unknown) => {
        if (!String(typed).includes(CONTROL_C)) return;
        reject(interrupted());
        interrupt();
      };
      stopDropping = () => {
        stopDropping = undefined;
        input.off('data', drop);
        input.pause();
      };
      input.on('data', drop).resume();
    });
  }

  /** `undefined` at the end of input, for example after ^D. */
  async function ask<Answer>(
    prompt: (context: PromptContext) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const ended = new AbortController();
    // A prompt that ends pauses its input. Where it has no answer then, it never gets one.
    const end = () => ended.abort();
    input.once('pause', end);
    try {
      return await prompt({ input, output, signal: ended.signal });
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'AbortPromptError') return undefined;
      if (name === 'ExitPromptError') {
        throw interrupted(error);
      }
      throw error;
    } finally {
      input.off('pause', end);
    }
  }

  return {
    canAsk: isKeyTyped && output.isTTY === true,
    isKeyTyped,

    async confirm(message) {
      return (await ask((context) => confirm({ message, default: false }, context))) ?? false;
    },

    async readLine(message, problemOf, suggestion = '') {
      const validate = (text: string) => problemOf(text.trim()) ?? true;
      const typed = await ask((context) =>
        line({ message, default: suggestion, validate }, context),
      );
      if (typed === undefined) throw wrongInput(`no answer to "${message}"`);
      return typed.trim();
    },

    async withoutEcho(work) {
      if (!isKeyTyped) return work();
      const isInterrupted = dropTyped();
      try {
        return await Promise.race([work(), isInterrupted]);
      } finally {
        if (stopDropping) {
          stopDropping();
          input.setRawMode?.(false);
        }
      }
    },

    async readKey(message) {
      if (!isKeyTyped) return checkedKey(await readAll(input));
      stopDropping?.(); // the prompt displays nothing either
      const typed = await ask((context) => password({ message, toggleMask: false }, context));
      return checkedKey(typed ?? '');
    },
  };
}

const CONTROL_C = '\u0003';

function interrupted(cause?: unknown): CommandFailure {
  return new CommandFailure('interrupted', EXIT.interrupted, 'interrupted', { cause });
}

interface PromptContext {
  readonly input: Readable;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const MAX_INPUT = 4096;

async function readAll(input: Readable): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MAX_INPUT) break;
  }
  return text;
}

/** No key of Mistral's is as short; a word that was pasted by mistake may be. */
const SHORTEST_KEY = 16;

/** Messages do not quote the text: it may be a key even so. */
function checkedKey(text: string): ApiKey {
  if (withoutMargins(text) === '') {
    throw wrongInput('no key was given: paste it at the prompt, or pipe it to stdin');
  }
  const key = ApiKeySchema.safeParse(text).data;
  if (key && key.reveal().length >= SHORTEST_KEY) return key;
  throw wrongInput('the input is not a valid key: it must be one line with the key and no more');
}
