import type { Readable } from 'node:stream';
import { messageOf, wrongInput } from '../failure.js';

const LONGEST = 1_048_576;

/** The lines of a text of any length, of which little is in memory. @throws CommandFailure */
export async function* textLines(input: Readable, name: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST) throw new Error(`a line has over ${LONGEST} characters`);
      yield* lines;
    }
  } catch (error) {
    throw wrongInput(`usage ${name} could not be read: ${messageOf(error)}`, { cause: error });
  }
  if (rest !== '') yield rest;
}
