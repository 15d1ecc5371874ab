import { listText } from '../platform/wording.js';

/** A name or value from a policy, which each medium quotes in its own way. */
export interface Name {
  readonly name: string;
}

/** Words of ours, and names of others between them. */
export type Phrase = readonly (string | Name)[];

/** A sentence in which each text that is put in is a name of others; numbers and phrases are words of ours. */
export function phrase(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Phrase)[]
): Phrase {
  return strings.flatMap((words, at): Phrase => {
    const before = values[at - 1];
    return [...(before === undefined ? [] : inserted(before)), words];
  });
}

function inserted(value: string | number | Phrase): Phrase {
  if (typeof value === 'string') return [{ name: value }];
  return typeof value === 'number' ? [String(value)] : value;
}

/** Words of ours, such as an amount, to put into a phrase. */
export function words(text: string): Phrase {
  return [text];
}

/** `a, b and 3 more`. */
export function namesList(names: readonly string[], most = 4): Phrase {
  return phrasesList(
    names.map((name): Phrase => [{ name }]),
    most,
  );
}

export function phrasesList(phrases: readonly Phrase[], most = 4): Phrase {
  // Laid out as a list of texts is, with the phrases where their marks are.
  const marks = phrases.map((_, at) => `\0${at}\0`);
  return listText(marks, most)
    .split('\0')
    .flatMap((part, at) => (at % 2 === 1 ? (phrases[Number(part)] ?? []) : [part]));
}

/** With its names as they are; for comparisons and documents. */
export function plainText(given: Phrase): string {
  return inWords(given, (name) => name);
}

/** The text of a phrase, with its names as a medium quotes them. */
export function inWords(given: Phrase, quote: (name: string) => string): string {
  return given.map((part) => (typeof part === 'string' ? part : quote(part.name))).join('');
}
