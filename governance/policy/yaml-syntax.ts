import type { CST, ErrorCode } from 'yaml';
import { quoted } from '../platform/wording.js';
import type { Places } from './policy-places.js';
import type { PlacedProblem } from './policy-problem.js';

const CHECK_MARKS = 'check quotes, brackets and colons around it';

const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias has an anchor or a tag, must be without',
  BAD_ALIAS: '"*" begins an alias in YAML: to mean the character, put it in quotes',
  BAD_DIRECTIVE: 'a line that begins with "%" is not understood: remove it',
  BAD_DQ_ESCAPE: 'a "\\" in double quotes has no meaning there: write "\\\\", or use single quotes',
  BAD_INDENT:
    'the indentation does not fit the lines above, or a bracket or brace there is not closed',
  BAD_PROP_ORDER: 'an anchor or a tag is in the wrong place: it must be right before its value',
  BAD_SCALAR_START:
    'a value begins with a character that has a meaning in YAML: put the value in quotes',
  BAD_COLLECTION_TYPE: 'a tag does not fit its value: remove the tag',
  BLOCK_AS_IMPLICIT_KEY:
    'a field stands in the line of another one: give it a line of its own, or put a value with ": " in quotes',
  BLOCK_IN_FLOW:
    'a "," is missing after it, or it is a list or a set of fields by lines inside of [ ] or { }',
  DUPLICATE_KEY: 'a field is there twice, must be there once',
  IMPOSSIBLE: `it is not YAML: ${CHECK_MARKS}`,
  KEY_OVER_1024_CHARS: 'the name of a field is too long, must be at most 1,024 characters',
  MISSING_CHAR: `a quote, bracket, brace, comma or space is missing: ${CHECK_MARKS}`,
  MULTILINE_IMPLICIT_KEY: `the name of a field goes over several lines, must be in one: ${CHECK_MARKS}`,
  MULTIPLE_ANCHORS: 'a value has several anchors, must have one',
  MULTIPLE_DOCS: 'it has several documents, must be one',
  MULTIPLE_TAGS: 'a value has several tags, must have none',
  NON_STRING_KEY: 'the name of a field is a list or a set of fields, must be text',
  RESOURCE_EXHAUSTION: 'it is nested too deeply, must be less deep',
  TAB_AS_INDENT: 'a tab is used for indentation: YAML takes spaces only',
  TAG_RESOLVE_FAILED: 'a tag (a word that begins with "!") is not known or does not fit: remove it',
  UNEXPECTED_TOKEN: `something is where it cannot be: ${CHECK_MARKS}`,
};

/** The parser has one code for several mistakes, which its words tell apart. */
const PARTICULAR: readonly (readonly [ErrorCode, RegExp, string])[] = [
  ['MISSING_CHAR', /Missing ,/, 'a "," is missing before it'],
  ['MISSING_CHAR', /followed by map values/, 'a ":" is missing after the name of the field'],
  [
    'MISSING_CHAR',
    /without - indicator/,
    'the line is neither an entry of the list above, which begins with "- ", nor indented as the fields of its last entry',
  ],
  [
    'BAD_INDENT',
    /end with a [}\]]/,
    'the line must be indented more than that in which its "[" or "{" is, or the bracket is closed nowhere',
  ],
];

/** What is wrong in their own place alone; other mistakes make mistakes of much that follows them. */
const LOCAL: readonly ErrorCode[] = [
  ...(['BAD_ALIAS', 'BAD_DQ_ESCAPE', 'BAD_SCALAR_START'] as const),
  ...(['TAB_AS_INDENT', 'TAG_RESOLVE_FAILED'] as const),
];

interface SyntaxError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pos: readonly [start: number, end: number];
}

interface Found {
  readonly start: number;
  readonly message: string;
  readonly isLocal: boolean;
}

/** What is wrong with YAML, in words for those who write it by hand; not what only follows from it. */
export function syntaxProblems(
  errors: readonly SyntaxError[],
  tokens: readonly CST.Token[],
  text: string,
  places: Places,
): PlacedProblem[] {
  const found = errors
    .map((error) => explained(error, tokens, text))
    .sort((one, other) => one.start - other.start);
  const byLine = new Map<number, PlacedProblem>();
  for (const { start, message } of found.filter(({ isLocal }, at) => at === 0 || isLocal)) {
    const place = places.ofRange(start, start);
    if (!byLine.has(place.line)) byLine.set(place.line, { path: [], message, place });
  }
  return [...byLine.values()];
}

function explained(
  { code, message, pos }: SyntaxError,
  tokens: readonly CST.Token[],
  text: string,
): Found {
  const [start] = pos;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const [line = ''] = text.slice(lineStart).split('\n', 1);
  const structural = (at: number, what: string) => ({ start: at, message: what, isLocal: false });

  // The parser reports some tabs by what they lead to. In JSON they are allowed.
  const tab = /^ *\t/.exec(line)?.[0].length;
  if (tab !== undefined && !/^\s*[[{]/.test(text)) {
    return { start: lineStart + tab - 1, message: SENTENCES.TAB_AS_INDENT, isLocal: true };
  }
  if (/closing ['"]/.test(message)) {
    const quote = find(tokens, (token) => endOf(token) === start && /quoted/.test(token.type));
    return structural(quote?.offset ?? start, 'the quote is not closed');
  }
  if (/end with a [}\]]/.test(message)) {
    const open = find(tokens, isOpen);
    if (open) {
      const [opened, closing] = text[open.offset] === '{' ? ['{', '}'] : ['[', ']'];
      return structural(open.offset, `the "${opened}" is not closed: add the "${closing}"`);
    }
  }
  const [, name, value] = /^\s*(?:- )?([\w$-]+):([^\s:][^:]*)$/.exec(line) ?? [];
  if (name !== undefined && (code === 'MULTILINE_IMPLICIT_KEY' || code === 'MISSING_CHAR')) {
    const at = lineStart + line.indexOf(name);
    return structural(at, `a space is missing after ":": write ${quoted(`${name}: ${value}`)}`);
  }
  const isKey = code === 'BLOCK_AS_IMPLICIT_KEY' || code === 'MULTILINE_IMPLICIT_KEY';
  if (isKey && !/:(\s|$)/.test(line.slice(start - lineStart))) {
    const next = lineStart + line.length + 1;
    const at = next + text.slice(next).search(/\S/);
    return structural(
      at,
      'the line is indented more than the field above it, which has a value already',
    );
  }
  if (code !== 'BLOCK_IN_FLOW' && /^- /.test(text.slice(start))) {
    return structural(start, 'the "-" is not in the column of the other entries of its list');
  }
  if (code === 'UNEXPECTED_TOKEN' && /['"] *$/.test(text.slice(lineStart, start))) {
    return structural(
      start,
      "text follows a value in quotes: put all of it in quotes, in which ' is written twice",
    );
  }
  const particular = PARTICULAR.find(([its, words]) => its === code && words.test(message));
  return { start, message: particular?.[2] ?? SENTENCES[code], isLocal: LOCAL.includes(code) };
}

function endOf(token: CST.Token): number {
  return 'source' in token ? token.offset + token.source.length : Number.NaN;
}

function isOpen(token: CST.Token): boolean {
  if (token.type !== 'flow-collection') return false;
  const closing = token.start.type === 'flow-map-start' ? 'flow-map-end' : 'flow-seq-end';
  return !token.end.some(({ type }) => type === closing);
}

/** The innermost that fits. @param tokens not deeper than the stack */
function find(
  tokens: readonly (CST.Token | null | undefined)[],
  fits: (token: CST.Token) => boolean,
): CST.Token | undefined {
  for (const token of tokens) {
    if (!token) continue;
    const found = find(tokensIn(token), fits) ?? (fits(token) ? token : undefined);
    if (found) return found;
  }
  return undefined;
}

/** One level below. */
export function tokensIn(token: CST.Token): readonly (CST.Token | null | undefined)[] {
  if (token.type === 'document') return [token.value];
  return 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
}
