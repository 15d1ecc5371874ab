// The one place that makes text of others harmless where it is shown: names chosen at Mistral or AWS, reasons,
// ids. Each medium has its function; what they all leave alone are letters, digits and plain punctuation.

/** Controls, bidirectional and invisible marks, halves of characters, and what Unicode assigns to nothing. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const RUNS_OF_UNSEEN = new RegExp(`${UNSEEN.source}+`, 'gu');
/** The line breaks between the members of an indented document are its own: in a string, they are escaped. */
const UNSEEN_IN_JSON = new RegExp(`(?!\n)${UNSEEN.source}`, 'gu');

/** Colors, titles, links and moves of the cursor; what is left of others is unseen. */
const TERMINAL_SEQUENCES = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
    '\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)',
    '\\u001b[ -/]*[0-~]',
  ].join('|'),
  'g',
);

/** One line that a terminal, a mail program or a log shows as it is, and does not obey. */
export function oneLine(text: string): string {
  return text.replaceAll(TERMINAL_SEQUENCES, '').replaceAll(RUNS_OF_UNSEEN, ' ');
}

/** The same for each of several lines. */
export function plainLines(text: string): string {
  return text.split('\n').map(oneLine).join('\n');
}

const PAINT = '\\u001b\\[(?:1|2|22|3[1-3]|39)m';
const LINES_AND_PAINT = new RegExp(`(${PAINT}|\n)`);

/** What a command prints: lines and their colors, of which a name in them adds none that moves or hides. */
export function terminalText(text: string): string {
  return text
    .split(LINES_AND_PAINT)
    .map((part, at) => (at % 2 === 1 ? part : oneLine(part)))
    .join('');
}

const LONGEST_NAME = 80;

/** A name that others chose, as part of a sentence or a cell. */
export function toSafeLine(name: string | undefined): string {
  const line = oneLine(name ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (line === '') return '(no name)';
  return line.length > LONGEST_NAME ? `${head(line, LONGEST_NAME - 1)}…` : line;
}

/** The beginning of a text, never with half of a character at its end. */
export function head(text: string, characters: number): string {
  return text.slice(0, characters).replace(/[\ud800-\udbff]$/, '');
}

/** A document whose strings have the exact values, and whose text shows each character that they have. */
export function jsonText(value: unknown, { replacer, indent }: JsonLayout = {}): string {
  const text = JSON.stringify(value, replacer, indent) ?? String(value);
  return text.replaceAll(UNSEEN_IN_JSON, escapedUnits);
}

interface JsonLayout {
  readonly replacer?: ((key: string, value: unknown) => unknown) | undefined;
  readonly indent?: number;
}

function escapedUnits(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** A value to paste into the policy file. */
export function yamlText(text: string): string {
  return /^[a-z][\w-]*$|^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text)
    ? text
    : jsonText(text);
}

/** `s3://` is no link, and only Mistral's console is one of ours. */
const LINK =
  /(?<![a-z0-9+.-])(?!s3:)([a-z][a-z0-9+.-]*):\/\/(?!console\.mistral\.ai(?:[/\s,;)]|$))|\bwww\./gi;

/** A line of a message, in which programs make no link of an address that a name has in it. */
export function messageLine(text: string): string {
  return oneLine(text)
    .replaceAll(LINK, (link, scheme) => (scheme ? `${scheme}[:]//` : link.replace('.', '[.]')))
    .trim();
}

/**
 * A line of a chat's Markdown that is shown as it is. Slack escapes nothing with a backslash, so what
 * begins its mentions and links becomes another character.
 */
export function chatText(line: string): string {
  return line
    .replaceAll('<', '‹')
    .replaceAll('>', '›')
    .replaceAll(/(?<![\w.+-])@(?=\w)/g, '＠')
    .replaceAll(/[\\*_~`[\]]|^#/g, (mark) => `\\${mark}`);
}

/** A name as code of GitHub's Markdown, in which nothing is a mention, a link or markup. */
export function markdownCode(name: string): string {
  const text = oneLine(name);
  if (text.trim() === '') return '(blank)';
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** A value of a message attribute: SNS rejects an empty one, and one with control characters. */
export function attributeValue(text: string, otherwise: string): string {
  return head(oneLine(text).trim(), 256) || otherwise;
}

const BARE = /^[\w.,:/+][\w.,:/+@%=-]*$/;
const READABLE = /^[\w.,:/+@%=~^#*?;(){}[\]" -]*$/;

/**
 * A command to paste, in which each value is one argument as it is, with any characters: in bash and zsh,
 * also where they expand history. Printable ASCII without a backtick, so that any message can carry it.
 */
export function shell(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return strings.reduce((command, literal, i) => {
    const value = values[i - 1] ?? '';
    return joined(command, value) + argument(value) + literal;
  });
}

/** A value that looks like an option must not become one. */
function joined(command: string, value: string): string {
  if (!value.startsWith('-') || !command.endsWith(' ')) return command;
  return / --[\w-]+ $/.test(command) ? `${command.slice(0, -1)}=` : `${command}-- `;
}

function argument(value: string): string {
  if (BARE.test(value)) return value;
  if (READABLE.test(value)) return `'${value}'`;
  // As bytes: what \u stands for depends on the locale. No argument can hold a NUL.
  const bytes = Buffer.from(value.replaceAll('\0', '\ufffd'));
  const text = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return READABLE.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `$'${text.join('')}'`;
}

/** Whether a message can carry a command as it is, also one that was stored or came from elsewhere. */
export function isPasteable(command: string): boolean {
  return /^[ -_a-~]+$/.test(command);
}

// Also behind spaces, and in the wide forms that some spreadsheets take for the narrow ones.
const FORMULA = /^(\s*[=+\-@＝＋－＠]|[\t\r\n|%])/;
const NEEDS_QUOTES = /[",;\t\r\n]|^\s|\s$/;
const UNSEEN_IN_CELLS = new RegExp(`(?![\t\r\n])${UNSEEN.source}`, 'gu');

/** A text as RFC 4180 has it, which no spreadsheet takes for a formula. */
export function csvText(value: string): string {
  const seen = value.replaceAll(UNSEEN_IN_CELLS, ' ');
  const text = FORMULA.test(seen) ? `'${seen}` : seen;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text between tags of a page, or in a quoted attribute. */
export function htmlText(text: string): string {
  return oneLine(text).replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? '');
}
