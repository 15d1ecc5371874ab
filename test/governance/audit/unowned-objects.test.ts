import { expect, test } from 'vitest';
import type { KeyInUse } from '../../../governance/audit/audit.js';
import { createProblems } from '../../../governance/audit/problems.js';
import { findUnownedObjects } from '../../../governance/audit/unowned-objects.js';
import { secretName } from '../../../governance/policy/planned-keys.js';
import { createFakeObjectStore } from '../../../testing/fakes/object-records.js';
import { DEV_ID, dayAgo, NOW } from '../../support/audit-builders.js';
import { aPolicy, silentLog } from '../../support/builders.js';

const policy = aPolicy();
const SECRET = secretName('dev-workspace', 'gateway');
const USED: KeyInUse = { secretName: SECRET, keyId: 'k', lastUsedOn: dayAgo(1) };
const MEMORY = { resolutions: {}, probes: {} };
const hoursAgo = (hours: number) => NOW.getTime() - hours * 3_600_000;

async function audited(
  files: readonly { readonly id: string; readonly createdAtMs: number }[],
  { inUse = [USED], probes = {} as Record<string, string>, owned = [] as readonly string[] } = {},
) {
  const objects = createFakeObjectStore();
  for (const id of owned) {
    await objects.write({
      ...{ workspaceId: DEV_ID, kind: 'file', id, owner: 'someone', role: 'developer' },
      ...{ isShared: false, createdAtMs: 1, card: {} },
    });
  }
  const asked: string[] = [];
  const problems = createProblems(silentLog);
  const before = { ...MEMORY, probes };
  const found = await findUnownedObjects(
    {
      policy,
      objects,
      async *listFiles(secret) {
        asked.push(secret);
        if (files.some(({ id }) => id === 'broken')) throw new Error('refused');
        for (let at = 0; at < files.length; at += 2) yield files.slice(at, at + 2);
      },
    },
    inUse,
    before,
    before,
    problems,
    NOW,
  );
  return { ...found, asked, problems: problems.list };
}

test('files of which there is no record are one finding of their workspace', async () => {
  const files = ['a', 'b', 'c', 'd'].map((id, at) => ({ id, createdAtMs: hoursAgo(30 + at) }));
  const { findings, memory, uncheckedWorkspaces } = await audited(files, { owned: ['b'] });
  expect(findings).toMatchObject([
    {
      id: `unowned-object#${DEV_ID}#file`,
      type: 'unowned-object',
      severity: 'info',
      subject: 'dev-workspace',
      summary: '3 files at Mistral belong to no caller of the gateway.',
      evidence: { files: 'a, c, d' },
      since: dayAgo(2),
    },
  ]);
  expect(memory.probes).toEqual({ k: dayAgo(0) });
  expect(uncheckedWorkspaces).not.toContain(DEV_ID);
});

test('files that are all owned, and those so young that they may still be recorded, are none', async () => {
  const files = [
    { id: 'owned', createdAtMs: hoursAgo(30) },
    { id: 'young', createdAtMs: hoursAgo(0.5) },
  ];
  expect((await audited(files, { owned: ['owned'] })).findings).toEqual([]);
});

test.each<[string, Parameters<typeof audited>[1]]>([
  ['was not used since yesterday', { inUse: [{ ...USED, lastUsedOn: dayAgo(2) }] }],
  ['was last used by the audit', { probes: { k: dayAgo(1) } }],
  ['is not known', { inUse: [] }],
])('a workspace whose key %s is not looked at, and nothing is said about it', async (_why, how) => {
  const { findings, asked, uncheckedWorkspaces, problems } = await audited(
    [{ id: 'a', createdAtMs: hoursAgo(30) }],
    how,
  );
  expect({ findings, asked, problems }).toEqual({ findings: [], asked: [], problems: [] });
  expect(uncheckedWorkspaces).toContain(DEV_ID);
});

test('a list that cannot be read is a problem, and resolves nothing', async () => {
  const { findings, problems, uncheckedWorkspaces } = await audited([
    { id: 'broken', createdAtMs: 0 },
  ]);
  expect(findings).toEqual([]);
  expect(problems).toEqual(['files of workspace dev-workspace could not be listed: refused']);
  expect(uncheckedWorkspaces).toContain(DEV_ID);
});

test('many files are counted, and a few of them named', async () => {
  const files = Array.from({ length: 250 }, (_, at) => ({
    id: at === 1 ? '\u001b[31mred' : `f${at}`,
    createdAtMs: hoursAgo(30),
  }));
  const [finding] = (await audited(files)).findings;
  expect(finding?.summary).toBe('250 files at Mistral belong to no caller of the gateway.');
  expect(finding?.evidence.files).toBe('f0, f2, f3, f4, and 245 more');
});
