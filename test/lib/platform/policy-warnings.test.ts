import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { expect, test } from 'vitest';
import { checkPolicy, loadPolicy } from '../../../governance/policy/load-policy.js';
import type { Policy } from '../../../governance/policy/policy.js';
import type { GatewayCallers } from '../../../lib/gateway/gateway-callers.js';
import { showPolicyWarnings } from '../../../lib/platform/policy-warnings.js';
import { SEARCH_POLICY } from '../../governance/policy/search-policy.js';
import { policyDocument } from '../../support/builders.js';
import { testApp } from '../../support/synth.js';

/** Of a file. */
function policyOf(text: string, path = policyPath()): Policy {
  writeFileSync(path, text);
  return checkPolicy(loadPolicy(path));
}

function policyPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'warnings-')), 'governance.yaml');
}

function warnings(
  text: string,
  before: (system: Construct, topic: Topic) => void = () => {},
  callers?: Pick<GatewayCallers, 'policyWithAdded'>,
): readonly unknown[] {
  const path = policyPath();
  return shown(policyOf(text, path), before, callers).map((warning) =>
    String(warning).replace(path, 'governance.yaml'),
  );
}

/** What synth would show, which validates the tree of constructs. */
function shown(
  policy: Policy,
  before: (system: Construct, topic: Topic) => void = () => {},
  callers?: Pick<GatewayCallers, 'policyWithAdded'>,
): readonly unknown[] {
  const system = new Construct(new Stack(testApp(), 'Stack'), 'System');
  const topic = new Topic(system, 'Topic');
  showPolicyWarnings(system, { policy, topic, callers });
  before(system, topic);
  expect(system.node.validate()).toEqual([]);
  system.node.validate(); // a second synth
  return system.node.metadata.map(({ data }) => data);
}

const ABOVE = SEARCH_POLICY.replace('monthlyUsd: 4000', 'monthlyUsd: 100');
const ALONE = SEARCH_POLICY.replace(/ {2}subscriptions:\n[\s\S]*$/, '');

test('synth shows what is unexpected in the file, each with its place and an id', () => {
  expect(warnings(SEARCH_POLICY)).toEqual([]);
  expect(warnings(ABOVE)).toEqual([
    'governance.yaml:11:16  workspaces[0].budgets.dailyUsd: 200 is more than monthlyUsd (100), which is exhausted first: lower it, or raise monthlyUsd [ack: mistral-governance:limit-order]',
  ]);
});

test('of a policy written in code, each has its path', () => {
  expect(shown(checkPolicy(policyDocument()))).toContainEqual(
    expect.stringMatching(/^workspaces\[0\]\.id: .* \[ack: mistral-governance:example-value\]$/),
  );
});

test('a warning can be acknowledged in code, or accepted in the policy', () => {
  const acknowledged = warnings(ABOVE, (system) =>
    Annotations.of(system).acknowledgeWarning('mistral-governance:limit-order', 'raised soon'),
  );
  expect(acknowledged).toEqual([]);
  const entry = '{ id: limit-order, subject: search, reason: raised soon }';
  expect(warnings(`${ABOVE}acceptedWarnings: [${entry}]\n`)).toEqual([]);
});

test('a subscription that code adds is one', () => {
  expect(warnings(ALONE)).toHaveLength(1);
  const subscribed = warnings(ALONE, (_system, topic) =>
    topic.addSubscription(new EmailSubscription('on-call@northwind.io')),
  );
  expect(subscribed).toEqual([]);
});

test('a caller that code adds uses its workspace, and is not warned of itself', () => {
  const unused = SEARCH_POLICY.replace('workspace: assistants', 'workspace: search');
  expect(warnings(unused)).toHaveLength(1);
  const document = policyOf(unused);
  const added = {
    principal: 'arn:aws:iam::*:role/xxx',
    role: 'engineer',
    workspace: 'assistants',
    perSession: false,
  };
  const policyWithAdded = { ...document, callers: [...document.callers, added] };
  expect(warnings(unused, () => {}, { policyWithAdded })).toEqual([]);
});
