import { describe, expect, test } from 'vitest';
import { plannedResources } from '../../governance/policy/planned-resources.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { GovernanceStackProps } from '../../lib/governance-stack.js';
import { anOperatorPolicy, aPolicy, type policyDocument } from '../support/builders.js';
import { synthesize } from '../support/synth.js';
import { resourcesOf } from '../support/templates.js';

type Document = ReturnType<typeof policyDocument>;

const POLICIES: readonly [name: string, Policy, Partial<GovernanceStackProps>?][] = [
  ['as shipped', aPolicy()],
  ['without a gateway', aPolicy((document) => (document.gateway = { enabled: false }))],
  ['in operator mode', anOperatorPolicy((document) => (document.gateway = { enabled: true }))],
  ['in operator mode without a gateway', anOperatorPolicy()],
  ['of one workspace without a key', aPolicy(small)],
  ['with 300 keys', aPolicy(useThreeHundredKeys)],
  ['with callers of several accounts', aPolicy(useAccounts)],
  ['with callers of an organization', aPolicy(useOrganization)],
  ['with services to refresh', aPolicy(useRefresh)],
  ['in operator mode with services to refresh', anOperatorPolicy(useRefresh)],
  ['with every protocol', aPolicy(useSubscriptions)],
  ['with a secret that is there already', aPolicy(withExisting)],
  ['that may be deleted', aPolicy(), { ephemeral: true }],
];

describe('the resources of a policy', () => {
  test.each(POLICIES)('%s are those of its templates', (_name, policy, props = undefined) => {
    const { app } = synthesize(policy, props);
    expect(plannedResources(policy, props)).toEqual(countsOf(resourcesOf(app)));
  });
});

function countsOf(resources: readonly { readonly type: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of resources) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}

/** No administrators, no subscription, no caller: the least that a policy can have. */
function small(document: Document): void {
  const [workspace] = document.workspaces;
  Object.assign(document, { workspaces: [{ ...workspace, keys: [] }], callers: [] });
  document.administrators = [];
  document.alerts.subscriptions = [];
}

function useThreeHundredKeys(document: Document): void {
  for (const [index, workspace] of document.workspaces.entries()) {
    workspace.keys = Array.from({ length: 100 }, (_, key) => ({ name: `key-${index}-${key}` }));
  }
}

function useRefresh(document: Document): void {
  document.workspaces[0].keys[0].refresh = [{ lambda: { function: 'answers' } }];
}

function withExisting(document: Document): void {
  document.workspaces[0].keys[0].secret = { name: 'team/key', format: 'plain', existing: true };
}

function useAccounts(document: Document): void {
  const [caller] = document.callers;
  document.callers = ['444455556666', '777788889999', '*'].map((account) => ({
    ...caller,
    principal: `arn:aws:iam::${account}:role/analyst`,
  }));
}

function useOrganization(document: Document): void {
  useAccounts(document);
  document.gateway.organizationId = 'o-a1b2c3d4e5';
}

function useSubscriptions(document: Document): void {
  document.alerts.subscriptions = [
    { protocol: 'https', endpoint: 'https://chat.example.com/hook' },
    { protocol: 'sqs', endpoint: 'arn:aws:sqs:eu-west-1:111122223333:alerts' },
    { protocol: 'lambda', endpoint: 'arn:aws:lambda:eu-west-1:111122223333:function:alerts' },
  ];
}
