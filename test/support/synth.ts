import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type NestedStack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Policy } from '../../governance/policy/policy.js';
import { GovernanceStack, type GovernanceStackProps } from '../../lib/governance-stack.js';
import { aPolicy } from './builders.js';

const { context } = JSON.parse(readFileSync(join(import.meta.dirname, '../../cdk.json'), 'utf8'));

/**
 * An app with the feature flags a deployment has. It bundles no Lambda code, and leaves CDK's
 * validation of the templates to `npm run synth`: its engine takes seconds to start.
 */
export function testApp(): App {
  return new App({
    context: { ...context, 'aws:cdk:bundling-stacks': [] },
    builtinCloudFormationValidation: false,
  });
}

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
