import { describe, expect, test } from 'vitest';
import { withIds } from '../../cli/workspaces/fill-in.js';

const ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
const OTHER = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';

function filled(text: string, ids: Record<string, string> = { dev: ID }): string | undefined {
  return withIds(text, new Map(Object.entries(ids)));
}

describe('ids are put into a policy, and nothing else of it changes', () => {
  test.each([
    [
      'below the name, comments kept',
      '# ours\nworkspaces:\n  - name: dev # all\n    team: "x"   # spaces\n',
      `# ours\nworkspaces:\n  - name: dev # all\n    id: ${ID}\n    team: "x"   # spaces\n`,
    ],
    [
      'where the name is not first',
      'workspaces:\n- team: x\n  name: dev\nroles: {}\n',
      `workspaces:\n- team: x\n  name: dev\n  id: ${ID}\nroles: {}\n`,
    ],
    [
      'at the end of a file without a last line break',
      'workspaces:\n  - name: dev',
      `workspaces:\n  - name: dev\n    id: ${ID}`,
    ],
    [
      'between braces',
      "workspaces: [{ name: 'dev', team: x }, { name: b }]",
      `workspaces: [{ name: 'dev', id: ${ID}, team: x }, { name: b }]`,
    ],
    [
      'in place of another one',
      `workspaces:\n  - id: ${OTHER} # old\n    name: dev\n`,
      `workspaces:\n  - id: ${ID} # old\n    name: dev\n`,
    ],
    [
      'in place of an empty one',
      "workspaces:\n  - id: ''\n    name: dev\n",
      `workspaces:\n  - id: ${ID}\n    name: dev\n`,
    ],
    [
      'behind a key without a value',
      'workspaces:\n  - name: dev\n    id:\n    team: x\n',
      `workspaces:\n  - name: dev\n    id: ${ID}\n    team: x\n`,
    ],
    [
      'with the line breaks of the file',
      'workspaces:\r\n  - name: dev\r\n    team: x\r\n',
      `workspaces:\r\n  - name: dev\r\n    id: ${ID}\r\n    team: x\r\n`,
    ],
  ])('%s', (_, text, expected) => {
    expect(filled(text)).toBe(expected);
  });

  test('all at once', () => {
    const text = 'workspaces:\n  - name: b\n  - name: a\n';
    expect(filled(text, { a: ID, b: OTHER })).toBe(
      `workspaces:\n  - name: b\n    id: ${OTHER}\n  - name: a\n    id: ${ID}\n`,
    );
  });
});

test.each([
  ['a workspace that is defined by an alias', 'x: &dev { name: dev }\nworkspaces: [*dev]\n'],
  ['a workspace that is not there', 'workspaces: [{ name: other }]\n'],
])('a policy with %s stays as it is', (_, text) => {
  expect(filled(text)).toBeUndefined();
});
