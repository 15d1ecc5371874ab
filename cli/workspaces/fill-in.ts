import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parseDocument, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { readPolicyText } from '../../governance/policy/policy-yaml.js';

const WorkspacesSchema = z.looseObject({
  workspaces: z.array(z.looseObject({ name: z.string(), id: z.unknown().optional() })),
});

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A policy file's text with the ids of workspaces, by their names, and everything else as it was. `undefined` where
 * they are not written as usual, for example by an anchor elsewhere in the file.
 */
export function withIds(text: string, ids: ReadonlyMap<string, string>): string | undefined {
  const document = parseDocument(text);
  const workspaces = document.get('workspaces');
  const items = isSeq(workspaces) ? workspaces.items.filter((item) => isMap(item)) : [];
  const edits: Edit[] = [];
  for (const [name, id] of ids) {
    const item = items.find((one) => one.get('name') === name);
    const edit = item && editOf(text, item, id);
    if (edit === undefined) return undefined;
    edits.push(edit);
  }
  const edited = edits
    .sort((one, other) => other.from - one.from)
    .reduce(
      (before, { from, to, text: put }) => before.slice(0, from) + put + before.slice(to),
      text,
    );
  return isFilledIn(text, edited, ids) ? edited : undefined;
}

function editOf(text: string, item: YAMLMap, id: string): Edit | undefined {
  const [name, old] = ['name', 'id'].map((key) =>
    item.items.find((pair) => isScalar(pair.key) && pair.key.value === key),
  );
  if (old) {
    if (!isScalar(old.value) || !old.value.range) return undefined;
    const [from, to] = old.value.range;
    return { from, to, text: text[from - 1] === ' ' ? id : ` ${id}` };
  }
  if (!name || !isScalar(name.key) || !isScalar(name.value)) return undefined;
  const [start = 0] = name.key.range ?? [];
  const [, end = 0] = name.value.range ?? [];
  if (item.flow) return { from: end, to: end, text: `, id: ${id}` };
  const lineEnd = text.indexOf('\n', end);
  const column = start - (text.lastIndexOf('\n', start) + 1);
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const line = `${' '.repeat(column)}id: ${id}`;
  return lineEnd < 0
    ? { from: text.length, to: text.length, text: `${newline}${line}` }
    : { from: lineEnd + 1, to: lineEnd + 1, text: `${line}${newline}` };
}

/** Whether the edited file says the same but for the ids. */
function isFilledIn(text: string, edited: string, ids: ReadonlyMap<string, string>): boolean {
  const wanted = WorkspacesSchema.parse(readPolicyText(text).document);
  const workspaces = wanted.workspaces.map(({ id, ...workspace }) => {
    const found = ids.get(workspace.name) ?? id;
    return { ...workspace, ...(found !== undefined && { id: found }) };
  });
  return isDeepStrictEqual(readPolicyText(edited).document, { ...wanted, workspaces });
}
