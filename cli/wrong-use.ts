import { EXIT } from './exit-codes.js';
import { CommandFailure } from './failure.js';

/** No key is shorter. */
const SHORTEST_KEY = 16;

/**
 * What the parser says is wrong, without what may be a key: somebody pastes one in a wrong place
 * sooner or later, and what is printed ends in logs.
 */
export function wrongUse(message: string, typed: readonly string[]): CommandFailure {
  const what = withoutValues(message, typed)
    .replace(/^error: |\.$/g, '')
    .replaceAll(/\s*\n/g, ' ');
  return new CommandFailure('wrong_use', EXIT.wrong, `${what}; see --help`);
}

function withoutValues(message: string, typed: readonly string[]): string {
  return typed.reduce((text, argument) => {
    const [, option = '', value = ''] = /^(-[^=]*)=(.*)$/s.exec(argument) ?? [];
    const shown = option === '' ? shownWord(argument) : shownWord(option);
    return text
      .replaceAll(`'${argument}'`, () => shown)
      .replaceAll(`'${value}'`, () => shownWord(value));
  }, message);
}

function shownWord(word: string): string {
  return word.length < SHORTEST_KEY ? `'${word}'` : 'what was given';
}
