import { expect, test } from 'vitest';
import { overflowWarnings } from '../../../governance/policy/limit-warnings.js';
import type { Policy } from '../../../governance/policy/policy.js';
import { problemText } from '../../../governance/policy/policy-problem.js';
import { aPolicy } from '../../support/builders.js';

const overflowNotes = (policy: Policy) => [...overflowWarnings(policy)].map(problemText);

test('the shipped policy bounds what its workspaces lend', () => {
  expect(overflowNotes(aPolicy())).toEqual([]);
});

test("each workspace that may spend a neighbour's budget without a bound is named", () => {
  const policy = aPolicy((document) => {
    document.workspaces[0].overflowTo = ['ml-workspace'];
    document.workspaces[1].lends = {};
  });
  const rest = 'may spend all that its own budgets and those of ml-workspace leave';
  expect(overflowNotes(policy)).toEqual([
    `workspaces[1].lends: dev-workspace ${rest} with the key of ml-workspace: dailyUsd bounds it`,
    `workspaces[1].lends: prod-workspace ${rest} with the key of ml-workspace: dailyUsd bounds it`,
  ]);
});

test('a bound without a borrower is named', () => {
  const policy = aPolicy((document) => {
    document.workspaces[2].overflowTo = [];
  });
  expect(overflowNotes(policy)).toEqual([
    'workspaces[1].lends: no workspace overflows to ml-workspace, so it bounds nothing: remove it',
  ]);
});
