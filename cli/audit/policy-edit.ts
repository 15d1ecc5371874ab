import { isDeepStrictEqual } from 'node:util';
import {
  Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Acceptance } from '../../governance/policy/policy.js';
import { readPolicyText } from '../../governance/policy/policy-yaml.js';

/** A new entry of `audit.accepted`, with what is noted beside each subject. */
export interface NewEntry extends Omit<Acceptance, 'subject'> {
  readonly subjects: readonly { readonly subject: string; readonly note?: string | undefined }[];
}

const STYLE = { lineWidth: 0, flowCollectionPadding: false } as const;

/**
 * The text of a policy with more accepted findings. Only lines are added, where the policy is written in lines;
 * otherwise it is written again from its document, which keeps comments and order too.
 *
 * @throws Error where the entries cannot be added
 */
export function withAccepted(source: string, entries: readonly NewEntry[]): string {
  const hasMark = source.startsWith('\uFEFF');
  const hasReturns = source.includes('\r\n');
  const text = source.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  const wanted = expectedValue(readPolicyText(text).document, entries);
  for (const edit of [rewrittenJson, addedLines, rewritten]) {
    const edited = edit(text, entries);
    if (edited === undefined || !isDeepStrictEqual(parsedValue(edited), wanted)) continue;
    return `${hasMark ? '\uFEFF' : ''}${hasReturns ? edited.replaceAll('\n', '\r\n') : edited}`;
  }
  throw new Error('audit.accepted cannot be written there: add the entries by hand');
}

/** The entries alone, to be read or pasted. */
export function entriesText(entries: readonly NewEntry[]): string {
  return `audit:\n  accepted:\n${listText(entries, 4)}`;
}

function listText(entries: readonly NewEntry[], columns: number): string {
  const text = new Document(entriesNode(entries)).toString(STYLE);
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(columns));
}

function parsedValue(text: string): unknown {
  try {
    return readPolicyText(text).document;
  } catch {
    return undefined;
  }
}

function expectedValue(value: unknown, entries: readonly NewEntry[]): unknown {
  const policy = value as { audit?: { accepted?: unknown[] | null } | null };
  const added: unknown = JSON.parse(JSON.stringify(entriesNode(entries)));
  const accepted = [...(policy.audit?.accepted ?? []), ...(added as unknown[])];
  return { ...policy, audit: { ...policy.audit, accepted } };
}

function entriesNode(entries: readonly NewEntry[]): YAMLSeq {
  const document = new Document();
  const plain = entries.map(({ type, subjects, reason, until }) => {
    const names = subjects.map(({ subject }) => subject);
    return { type, subject: names.length === 1 ? names[0] : names, reason, until };
  });
  const list = document.createNode(plain) as YAMLSeq<YAMLMap>;
  for (const [index, { subjects }] of entries.entries()) {
    const subject = list.items[index]?.get('subject', true) as Scalar | YAMLSeq<Scalar> | undefined;
    const scalars = isSeq<Scalar>(subject) ? subject.items : subject ? [subject] : [];
    for (const [at, scalar] of scalars.entries()) {
      const note = subjects[at]?.note;
      if (note !== undefined) scalar.comment = ` ${note}`;
    }
  }
  return list;
}

/** Where every collection on the way to the entries is written in lines. */
function addedLines(text: string, entries: readonly NewEntry[]): string | undefined {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  if (!isBlockMap(contents)) return undefined;
  const columnOf = (node: Node) => lines.linePos(node.range?.[0] ?? 0).col - 1;
  const list = (columns: number) => listText(entries, columns);

  const audit = pairOf(contents, 'audit');
  if (!audit) {
    const end = text.endsWith('\n') ? text : `${text}\n`;
    return `${end}\naudit:\n  accepted:\n${list(4)}`;
  }
  if (isEmpty(audit.value)) return below(text, audit, `  accepted:\n${list(4)}`);
  if (!isBlockMap(audit.value)) return undefined;
  const accepted = pairOf(audit.value, 'accepted');
  const [first] = audit.value.items;
  if (!first) return undefined;
  const indent = columnOf(first.key);
  if (!accepted) {
    const field = `${' '.repeat(indent)}accepted:\n${list(indent + 2)}`;
    return insertedAfter(text, endOf(audit.value), field);
  }
  if (isEmpty(accepted.value)) return below(text, accepted, list(indent + 2));
  if (!isSeq(accepted.value) || accepted.value.flow) return undefined;
  return insertedAfter(text, endOf(accepted.value), list(columnOf(accepted.value)));
}

/** By the document's own API, which lays the whole file out again; what has brackets around it loses them. */
function rewritten(text: string, entries: readonly NewEntry[]): string {
  const document = parseDocument(text);
  const added = entriesNode(entries);
  const accepted = document.getIn(['audit', 'accepted'], true);
  if (isSeq(accepted)) {
    accepted.items.push(...added.items);
    accepted.flow = false;
  } else {
    if (!isMap(document.get('audit', true))) document.set('audit', document.createNode({}));
    document.setIn(['audit', 'accepted'], added);
  }
  const audit = document.get('audit', true);
  if (isMap(audit)) audit.flow = false;
  return document.toString(STYLE);
}

/** JSON is YAML, but has no comments and no lines of YAML in it. */
function rewrittenJson(text: string, entries: readonly NewEntry[]): string | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const [, indent] = /\n([ \t]+)"/.exec(text) ?? [];
    const edited = JSON.stringify(expectedValue(JSON.parse(text), entries), undefined, indent);
    return `${edited}${text.endsWith('\n') ? '\n' : ''}`;
  } catch {
    return undefined;
  }
}

type BlockMap = YAMLMap<Scalar, Node | null>;

function isBlockMap(node: unknown): node is BlockMap {
  return isMap(node) && !node.flow;
}

function pairOf(map: BlockMap, name: string): Pair<Scalar, Node | null> | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

/** Nothing behind the colon, or `[]` or `{}`. */
function isEmpty(value: Node | null): boolean {
  if (isMap(value) || isSeq(value)) return value.flow === true && value.items.length === 0;
  return value === null || (isScalar(value) && value.value === null);
}

/** The last character of a value itself, without comments that follow. */
function endOf(node: Node): number {
  return node.range?.[1] ?? 0;
}

function insertedAfter(text: string, offset: number, lines: string): string {
  const isLineStart = text[offset - 1] === '\n';
  const newline = text.indexOf('\n', offset);
  const end = isLineStart ? offset : newline < 0 ? text.length : newline + 1;
  const before = text.slice(0, end);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${lines}${text.slice(end)}`;
}

/** Lines in the place of an empty value. */
function below(text: string, { key, value }: Pair<Scalar, Node | null>, lines: string): string {
  const [start, end] = value?.range ?? [endOf(key), endOf(key)];
  const head = text.slice(0, start).trimEnd();
  const colon = head.endsWith(':') ? '' : ':';
  const rest = value?.range && end > start ? text.slice(end) : text.slice(start).replace(/^:/, '');
  const edited = `${head}${colon}${rest}`;
  return insertedAfter(edited, head.length + colon.length, lines);
}
