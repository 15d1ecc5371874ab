import {
  type Alias,
  Composer,
  type CST,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type YAMLMap,
} from 'yaml';
import { countText, quoted } from '../platform/wording.js';
import { decodeText } from './policy-encoding.js';
import { createPlaces, type Places } from './policy-places.js';
import type { PlacedProblem } from './policy-problem.js';
import { syntaxProblems, tokensIn } from './yaml-syntax.js';

/** Why a text is not the YAML of a policy. */
export class PolicyTextError extends Error {
  override readonly name = 'PolicyTextError';

  constructor(readonly problems: readonly PlacedProblem[]) {
    super(problems.map(({ message }) => message).join('; '));
  }
}

export interface PolicyText {
  /** What it has to say, unchecked. */
  readonly document: unknown;
  /** What is wrong with the text, although it has something to say. */
  readonly problems: readonly PlacedProblem[];
  /** Where a field stands; for one that is missing, the field that it is missing in. */
  readonly placeOf: Places['ofPath'];
}

// A policy of hundreds of workspaces has some ten thousand values. Aliases can make billions of a few lines.
const MOST_VALUES = 1_000_000;
const MOST_LEVELS = 100;
// Each is looked for among all of them.
const MOST_ALIASES = 5000;

const NEEDED = 'it needs workspaces at least; governance.yaml of this package is an example';

/** YAML, and with it JSON. @throws PolicyTextError where it is not one document of it */
export function readPolicyText(source: string | Uint8Array): PolicyText {
  const decoded = typeof source === 'string' ? { text: source } : decodeText(source);
  if ('problem' in decoded) throw new PolicyTextError([wholeFile(decoded.problem)]);
  return parsed(decoded.text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'));
}

function parsed(text: string): PolicyText {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  checkLevels(tokens);
  // Duplicates are looked for below: the parser compares each field with all before it.
  const options = { stringKeys: true, uniqueKeys: false, resolveKnownTags: false } as const;
  const documents = [...new Composer({ ...options, logLevel: 'silent' }).compose(tokens)];
  const [document, another] = documents;
  if (document === undefined) throw new PolicyTextError([wholeFile(emptyText(text))]);

  const aliases = new Map<Alias, unknown>();
  const places = createPlaces(document.contents, text, lines, aliases);
  const wrong = (message: string, start: number, path: readonly PropertyKey[] = []) => ({
    path,
    message,
    place: places.ofRange(start, start),
  });
  const { version, explicit } = document.directives.yaml;
  const broken = [
    ...syntaxProblems([...document.errors, ...document.warnings], tokens, text, places),
    ...(another === undefined ? [] : [wrong(documentsText(documents), another.range[0])]),
    ...(explicit && version !== '1.2'
      ? [wrong(`it begins with %YAML ${version}: remove that line, it must be YAML 1.2`, 0)]
      : []),
  ];
  if (broken.length > 0) throw new PolicyTextError(broken);

  const doubtful: PlacedProblem[] = [];
  const anchors = new Map<string, unknown>();

  function check(node: unknown, path: readonly PropertyKey[]): void {
    if (isAlias(node)) {
      const start = node.range?.[0] ?? 0;
      if (!anchors.has(node.source)) {
        const message = `the alias ${quoted(`*${node.source}`)} has no anchor "&${node.source}" before it`;
        const hint = node.source === '' ? '' : ': a text that begins with "*" needs quotes';
        broken.push(wrong(`${message}${hint}`, start, path));
      }
      aliases.set(node, anchors.get(node.source));
      if (aliases.size === MOST_ALIASES + 1) {
        broken.push(wrong('it has more than 5,000 aliases: must be fewer', start));
      }
      return;
    }
    if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) check(item, [...path, index]);
    } else if (isMap(node)) {
      checkNames(node, path);
      for (const { key, value } of node.items) {
        if (isScalar(key)) check(value, [...path, String(key.value)]);
      }
    } else if (isScalar(node) && typeof node.value === 'number') {
      const [, whole] = /^(\d{1,3})\.000$/.exec(node.source ?? '') ?? [];
      if (whole === undefined) return;
      const message = `${whole}.000 is ${whole} in YAML: write ${whole}000 or ${whole}`;
      doubtful.push(wrong(message, node.range?.[0] ?? 0, path));
    }
  }

  function checkNames(map: YAMLMap, path: readonly PropertyKey[]): void {
    const firsts = new Map<string, number>();
    const again: PlacedProblem[] = [];
    for (const { key } of map.items) {
      if (!isScalar(key)) continue;
      const name = String(key.value);
      const start = key.range?.[0] ?? 0;
      const problem = nameProblem(name);
      const first = firsts.get(name);
      if (problem !== undefined) broken.push(wrong(problem, start, path));
      if (first === undefined) firsts.set(name, start);
      else {
        const { line } = lines.linePos(first);
        const message = `is there twice, first in line ${line}: keep one of them`;
        again.push(wrong(message, start, [...path, name]));
      }
    }
    const [problem] = again;
    if (again.length > 1 && problem && typeof path.at(-1) === 'number') {
      const message = problem.message.replace('keep', 'begin a new entry with "- ", or keep');
      broken.push({ ...problem, message });
    } else doubtful.push(...again);
  }

  check(document.contents, []);
  if (broken.length > 0) throw new PolicyTextError([...broken, ...doubtful]);
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  if (value === null) throw new PolicyTextError([wholeFile(emptyText(text))]);
  const sizeProblem = checkedSize(value);
  if (sizeProblem !== undefined) throw new PolicyTextError([wholeFile(sizeProblem)]);
  return { document: value, problems: doubtful, placeOf: places.ofPath };
}

/** Where a file has nothing that could be pointed at. */
function wholeFile(message: string): PlacedProblem {
  return { path: [], message, place: { line: 1, column: 1, length: 0, text: '' } };
}

function emptyText(text: string): string {
  const what = /^\s*#/m.test(text) ? 'has only comments' : 'is empty';
  return `the policy ${what}: ${NEEDED}`;
}

function documentsText(documents: readonly unknown[]): string {
  const count = countText(documents.length, 'document');
  return `it has ${count}, the second from here on: must be one, without "---" in between`;
}

function nameProblem(name: string): string | undefined {
  if (name === '<<') return 'the merge key "<<" is not part of YAML 1.2: write the fields out';
  return name === '__proto__'
    ? 'it has a field "__proto__", which no field, role or model can be called: choose another name'
    : undefined;
}

const TOO_DEEP = `it is nested deeper than ${MOST_LEVELS} levels, or an alias refers to itself: must be less deep`;

/** Before they are composed: the composer calls itself for each level, and a full stack may end the process. */
function checkLevels(tokens: readonly CST.Token[]): void {
  let level: (CST.Token | null | undefined)[] = [...tokens];
  for (let count = 0; level.length > 0; count += 1) {
    if (count > MOST_LEVELS) throw new PolicyTextError([wholeFile(TOO_DEEP)]);
    level = level.flatMap((token) => (token ? tokensIn(token) : []));
  }
}

/** By the values that are there once every alias is replaced, since all that follows replaces them. */
function checkedSize(root: unknown): string | undefined {
  const open: { readonly value: unknown; readonly level: number }[] = [{ value: root, level: 0 }];
  let values = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, level } = next;
    values += 1;
    if (values > MOST_VALUES) {
      return 'its aliases make more than 1,000,000 values of it: must be fewer';
    }
    if (level > MOST_LEVELS) return TOO_DEEP;
    if (typeof value !== 'object' || value === null) continue;
    for (const below of Object.values(value)) open.push({ value: below, level: level + 1 });
  }
  return undefined;
}
