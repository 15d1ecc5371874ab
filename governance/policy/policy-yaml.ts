import { Composer, type CST, type ErrorCode, isScalar, LineCounter, Parser, visit } from 'yaml';
import { countText, quoted } from '../platform/wording.js';

/** Why a text is not the YAML of a policy. */
export class PolicyTextError extends Error {
  override readonly name = 'PolicyTextError';
}

// A policy of hundreds of workspaces has some ten thousand values. Aliases can make billions of a few lines.
const MOST_VALUES = 1_000_000;
const MOST_LEVELS = 100;
// Each is looked for among all of them.
const MOST_ALIASES = 5000;

/** What a policy file has to say, unchecked. @throws PolicyTextError where it is not one document of YAML */
export function parsePolicyYaml(source: string | Uint8Array): unknown {
  const text = typeof source === 'string' ? source : decoded(source);
  return parsed(text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'));
}

function parsed(text: string): unknown {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  checkLevels(tokens);
  const options = { stringKeys: true, resolveKnownTags: false, logLevel: 'silent' } as const;
  const documents = [...new Composer(options).compose(tokens)];
  const at = (offset: number) => `line ${lines.linePos(offset).line}`;
  const [document, another] = documents;
  if (document === undefined) throw new PolicyTextError(emptyText(text));
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) {
    const [start] = wrong.pos;
    throw new PolicyTextError(`${at(start)}: ${syntaxText(wrong.code, text, start)}`);
  }
  if (another !== undefined) {
    const count = countText(documents.length, 'document');
    const second = at(another.range[0]);
    throw new PolicyTextError(
      `it has ${count}, the second from ${second} on: must be one, without "---" in between`,
    );
  }
  const { version, explicit } = document.directives.yaml;
  if (explicit && version !== '1.2') {
    throw new PolicyTextError(
      `it begins with %YAML ${version}: remove that line, it must be YAML 1.2`,
    );
  }
  const anchors = new Set<string>();
  let aliases = 0;
  visit(document, {
    Value(_key, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Pair(_key, { key }) {
      if (!isScalar(key) || key.value !== '<<') return;
      throw new PolicyTextError(
        `${at(key.range?.[0] ?? 0)}: the merge key "<<" is not part of YAML 1.2: write the fields out`,
      );
    },
    Alias(_key, alias) {
      aliases += 1;
      if (aliases > MOST_ALIASES) {
        throw new PolicyTextError('it has more than 5,000 aliases: must be fewer');
      }
      if (anchors.has(alias.source)) return;
      const where = at(alias.range?.[0] ?? 0);
      throw new PolicyTextError(
        `${where}: the alias ${quoted(`*${alias.source}`)} has no anchor "&${alias.source}" before it`,
      );
    },
  });
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  if (value === null) throw new PolicyTextError(emptyText(text));
  checkSize(value);
  return value;
}

function emptyText(text: string): string {
  return /^\s*#/m.test(text)
    ? 'it has only comments: must be a policy'
    : 'it is empty: must be a policy';
}

const CHECK_MARKS = 'check quotes, brackets and colons around it';

const SYNTAX: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias has an anchor or a tag, must be without',
  BAD_ALIAS: 'an alias is not complete, must be such as *readers',
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
    'a list or a set of fields by lines stands inside of [ ] or { }: write it with [ ] or { } too',
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
  TAB_AS_INDENT: 'a tab is used for indentation, must be spaces',
  TAG_RESOLVE_FAILED: 'a tag (a word that begins with "!") is not known or does not fit: remove it',
  UNEXPECTED_TOKEN: `something is where it cannot be: ${CHECK_MARKS}`,
};

function syntaxText(code: ErrorCode, text: string, offset: number): string {
  const [, name] = /^["']?([\w$-]+)/.exec(text.slice(offset, offset + 200)) ?? [];
  if (code === 'DUPLICATE_KEY' && name)
    return `the field ${quoted(name)} is there twice, must be there once`;
  // The parser reports some tabs by what they lead to.
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1);
  return SYNTAX[/^ *\t/.test(line) ? 'TAB_AS_INDENT' : code];
}

function tooDeep(): PolicyTextError {
  return new PolicyTextError(
    `it is nested deeper than ${MOST_LEVELS} levels, or an alias refers to itself: must be less deep`,
  );
}

/** Before they are composed: the composer calls itself for each level, and a full stack may end the process. */
function checkLevels(tokens: readonly CST.Token[]): void {
  let level: (CST.Token | null | undefined)[] = [...tokens];
  for (let count = 0; level.length > 0; count += 1) {
    if (count > MOST_LEVELS) throw tooDeep();
    level = level.flatMap((token) => {
      if (token?.type === 'document') return [token.value];
      return token && 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
    });
  }
}

/** By the values that are there once every alias is replaced, since all that follows replaces them. */
function checkSize(root: unknown): void {
  const open: { readonly value: unknown; readonly level: number }[] = [{ value: root, level: 0 }];
  let values = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, level } = next;
    values += 1;
    if (values > MOST_VALUES) {
      throw new PolicyTextError('its aliases make more than 1,000,000 values of it: must be fewer');
    }
    if (level > MOST_LEVELS) throw tooDeep();
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) {
      throw new PolicyTextError(
        'it has a field "__proto__", which no field, role or model can be called: choose another name',
      );
    }
    for (const below of Object.values(value)) open.push({ value: below, level: level + 1 });
  }
}

/** Text in UTF-8, the only encoding that all readers of a policy agree on. */
function decoded(bytes: Uint8Array): string {
  const encoding = otherEncoding(bytes);
  if (encoding !== undefined) {
    throw new PolicyTextError(`its encoding is ${encoding}, must be UTF-8: save it as UTF-8`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const before = new TextDecoder().decode(bytes).split('\uFFFD')[0] ?? '';
    const line = before.split('\n').length;
    throw new PolicyTextError(
      `its encoding is not UTF-8, perhaps Latin-1 or Windows-1252 (line ${line}): save it as UTF-8`,
    );
  }
}

const BYTE_ORDER_MARKS = [
  ['UTF-32', [0xff, 0xfe, 0, 0]],
  ['UTF-32', [0, 0, 0xfe, 0xff]],
  ['UTF-16', [0xff, 0xfe]],
  ['UTF-16', [0xfe, 0xff]],
] as const;

/** By its mark, or by the zeros that half of the bytes of its ASCII are. */
function otherEncoding(bytes: Uint8Array): string | undefined {
  const marked = BYTE_ORDER_MARKS.find(([, mark]) => mark.every((byte, at) => bytes[at] === byte));
  if (marked) return marked[0];
  const zeros = bytes.subarray(0, 1000).filter((byte) => byte === 0).length;
  if (zeros === 0) return undefined;
  return zeros >= Math.min(bytes.length, 1000) / 4 ? 'UTF-16 or UTF-32' : 'none of text';
}
