import type { App, NestedStack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceStack, type GovernanceStackProps } from '../../lib/governance-stack.js';
import { templateApp } from '../../testing/definition.js';
import { aPolicy } from './builders.js';

/** Each test has its own: constructs are added to it. */
export const testApp = templateApp;

export interface Synthesized {
  readonly app: App;
  readonly stack: GovernanceStack;
  readonly template: Template;
  /** The nested stack of one workspace's keys. */
  workspace(name: string): Template;
}

const known = new Map<string, Synthesized>();

/** Made once for all tests of a worker that ask for the same, which only read it. */
export function synthesize(
  policy: Policy = aPolicy(),
  props?: Partial<GovernanceStackProps>,
): Synthesized {
  if (props) return synthesizeAnew(policy, props);
  const name = JSON.stringify(policy);
  const synthesized = known.get(name) ?? synthesizeAnew(policy);
  known.set(name, synthesized);
  return synthesized;
}

function synthesizeAnew(policy: Policy, props: Partial<GovernanceStackProps> = {}): Synthesized {
  const app = testApp();
  const stack = new GovernanceStack(app, 'MistralGovernance', { policy, ...props });
  return {
    app,
    stack,
    template: Template.fromStack(stack),
    workspace: (name) =>
      Template.fromStack(
        stack.governance.node.findChild('Keys').node.findChild(name) as NestedStack,
      ),
  };
}
