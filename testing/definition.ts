import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import type { Policy } from '../governance/policy/policy.js';
import { GovernanceStack } from '../lib/governance-stack.js';

const ROOT = join(import.meta.dirname, '..');

const StateSchema = z.looseObject({
  Type: z.string(),
  Resource: z.string().optional(),
  TimestampPath: z.string().optional(),
});
const DefinitionSchema = z.looseObject({
  StartAt: z.string(),
  States: z.record(z.string(), StateSchema),
});

/** A state machine in the Amazon States Language. */
export type Definition = z.infer<typeof DefinitionSchema>;

/**
 * An app with the feature flags a deployment has, for its templates alone. It bundles no code, prints no warnings of the
 * policy, and leaves CDK's validation of the templates to `npm run synth`: its engine takes seconds to start.
 */
export function templateApp(): App {
  const { context } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  const quiet = {
    'aws:cdk:bundling-stacks': [],
    '@aws-cdk/core:annotationsInValidationReport': false,
  };
  return new App({ context: { ...context, ...quiet }, builtinCloudFormationValidation: false });
}

/** The retirement state machine as deployed; a task's resource is the id of its function. */
export function synthesizeDefinition(policy: Policy): Definition {
  const stack = new GovernanceStack(templateApp(), 'MistralGovernance', { policy });
  return definitionIn(Template.fromStack(stack));
}

/** The state machine in a synthesized template. */
export function definitionIn(template: Template): Definition {
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  return DefinitionSchema.parse(JSON.parse(joined(machine?.Properties.DefinitionString)));
}

const JoinSchema = z.object({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
const ReferenceSchema = z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

function joined(value: unknown): string {
  const [, parts] = JoinSchema.parse(value)['Fn::Join'];
  return parts
    .map((part) => (typeof part === 'string' ? part : ReferenceSchema.parse(part)['Fn::GetAtt'][0]))
    .join('');
}
