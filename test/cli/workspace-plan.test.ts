import { expect, test } from 'vitest';
import { readDraft } from '../../cli/workspaces/policy-draft.js';
import { planWorkspaces } from '../../cli/workspaces/workspace-plan.js';
import type { MistralWorkspace } from '../../governance/mistral/mistral.js';
import { policySource } from '../../governance/policy/load-policy.js';
import { policyDocument } from '../support/builders.js';

const [A, B, C] = ['a', 'b', 'c'].map((end) => `6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a0${end}`) as [
  string,
  string,
  string,
];

function draftSource(document: unknown) {
  return policySource(Buffer.from(JSON.stringify(document)), 'governance.yaml');
}

/** A policy with the shipped workspaces, of which these have ids. */
function draft(ids: readonly (string | undefined)[]) {
  const document = policyDocument();
  for (const [at, workspace] of document.workspaces.entries()) workspace.id = ids[at];
  return readDraft(draftSource(document)).workspaces;
}

const plan = (ids: readonly (string | undefined)[], listed: readonly MistralWorkspace[]) =>
  planWorkspaces(draft(ids), listed, 'USD');

test('a workspace that is matched by its id is not matched again by its name', () => {
  const { workspaces, unmanaged } = plan(
    [A, undefined, undefined],
    [{ id: A, name: 'ml-workspace' }],
  );
  expect(workspaces.map(({ kind }) => kind)).toEqual(['renamed', 'missing', 'missing']);
  expect(unmanaged).toEqual([]);
});

test('ids are matched before names, both regardless of case', () => {
  const { workspaces, unmanaged } = plan(
    [A.toUpperCase(), B, undefined],
    [
      { id: A, name: 'dev-workspace' },
      { id: B, name: 'ml-workspace' },
      { id: C, name: 'PROD-workspace' },
      { id: 'd', name: 'dev-workspace' },
    ],
  );
  expect(workspaces).toEqual([
    { kind: 'same', name: 'dev-workspace', id: A },
    { kind: 'same', name: 'ml-workspace', id: B },
    { kind: 'other-id', name: 'prod-workspace', id: C, oldId: undefined },
  ]);
  expect(unmanaged).toEqual([{ id: 'd', name: 'dev-workspace' }]);
});

test('a monthly limit is compared with a budget in the same currency alone', () => {
  const limited = (amount: number, currency: string | undefined) =>
    plan([A, B, C], [{ id: A, name: 'dev-workspace', monthlyLimit: { amount, currency } }])
      .workspaces[0]?.kind;
  expect(limited(49.99, 'USD')).toBe('lower-limit');
  expect(limited(49.99, undefined)).toBe('lower-limit');
  expect(limited(50, 'USD')).toBe('same');
  expect(limited(49.99, 'EUR')).toBe('same');
});

test('a draft may leave out ids and nothing else', () => {
  const document = policyDocument();
  delete document.workspaces[0].id;
  document.workspaces[1].id = 'no uuid';
  document.workspaces[2].team = '';
  expect(() => readDraft(draftSource(document))).toThrow(
    expect.objectContaining({
      code: 'policy_invalid',
      details: expect.objectContaining({
        problems: [
          expect.stringMatching(/^governance\.yaml:1:\d+ {2}workspaces\[1\]\.id: .*must be a UUID/),
          expect.stringMatching(/^governance\.yaml:1:\d+ {2}workspaces\[2\]\.team: /),
        ],
      }),
    }),
  );
});
