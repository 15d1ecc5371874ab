/** An element as it stands in the text, or what is wrong with it. */
export type JsonElement =
  | { readonly kind: 'element'; readonly line: number; readonly text: string }
  | { readonly kind: 'wrong'; readonly line: number; readonly problem: string };

type State = 'start' | 'between' | 'element' | 'string' | 'escape' | 'lost' | 'ended' | 'done';

const SPACE = new Set([' ', '\t', '\r', '\n']);

/**
 * Splits a JSON array, or objects after one another, into its elements while its text arrives: memory holds
 * one element. What comes after a broken element is read again from the next line that begins with `{`.
 */
export function createElementSplitter(isArray: boolean, maxLength: number) {
  let state: State = isArray ? 'start' : 'between';
  let text = '';
  let depth = 0;
  let line = 1;
  let startLine = 1;
  let isLineStart = true;

  function wrong(problem: string, at = startLine): JsonElement {
    return { kind: 'wrong', line: at, problem };
  }

  function* push(chunk: string): Generator<JsonElement> {
    let from = 0;
    const end = (to: number): JsonElement => {
      const whole = text + chunk.slice(from, to);
      text = '';
      state = 'between';
      return { kind: 'element', line: startLine, text: whole };
    };

    for (let at = 0; at < chunk.length; at += 1) {
      const character = chunk[at] ?? '';
      const isSpace = SPACE.has(character);
      if (state === 'lost' && isLineStart && character === '{') state = 'between';
      if (state === 'ended' && !isSpace) {
        state = 'done';
        yield wrong('is after the end of the array', line);
      }
      if (state === 'start') {
        if (character === '[') state = 'between';
      } else if (state === 'between' && !isSpace && character !== ',') {
        if (character === ']' && isArray) state = 'ended';
        else {
          state = 'element';
          depth = 0;
          startLine = line;
          from = at;
        }
      }
      if (state === 'escape') state = 'string';
      else if (state === 'string') {
        if (character === '\\') state = 'escape';
        if (character === '"') {
          state = 'element';
          if (depth === 0) yield end(at + 1);
        }
        if (character === '\n') {
          state = 'lost';
          text = '';
          yield wrong('has a text that does not end', line);
        }
      } else if (state === 'element') {
        if (character === '"') state = 'string';
        else if (character === '{' || character === '[') depth += 1;
        else if (depth === 0 && (isSpace || character === ',' || character === ']')) {
          yield end(at);
          if (character === ']' && isArray) state = 'ended';
        } else if (character === '}' || character === ']') {
          depth -= 1;
          if (depth <= 0) yield end(at + 1);
        }
      }
      if (character === '\n') {
        line += 1;
        isLineStart = true;
      } else if (!isSpace) isLineStart = false;
    }
    if (state === 'element' || state === 'string' || state === 'escape') {
      text += chunk.slice(from);
      if (text.length > maxLength) {
        text = '';
        state = 'lost';
        yield wrong(`is longer than ${maxLength} characters`);
      }
    }
  }

  /** What is wrong with the end of the text. */
  function* close(): Generator<JsonElement> {
    if (state === 'element' || state === 'string' || state === 'escape') yield wrong('is cut off');
    else if (isArray && state === 'between') yield wrong('is the last: the array does not end');
  }

  return { push, close };
}
