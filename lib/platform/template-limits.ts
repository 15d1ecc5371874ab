import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type IPolicyValidationContext,
  type IPolicyValidationPlugin,
  type PolicyValidationPluginReport,
  type PolicyViolation,
  Stack,
  Validations,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import * as z from 'zod';

const ResourceSchema = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
});
const TemplateSchema = z.object({
  Resources: z.record(z.string(), ResourceSchema).default({}),
  Parameters: z.record(z.string(), z.unknown()).default({}),
  Outputs: z.record(z.string(), z.unknown()).default({}),
});
type Resource = z.infer<typeof ResourceSchema>;

interface Limit {
  readonly what: string;
  readonly most: number;
  readonly measure: (template: z.infer<typeof TemplateSchema>, bytes: number) => number;
}

// Source: CloudFormation's quotas. The CDK itself counts resources.
const TEMPLATE_LIMITS: readonly Limit[] = [
  { what: 'bytes', most: 1_000_000, measure: (_template, bytes) => bytes },
  { what: 'parameters', most: 200, measure: ({ Parameters }) => Object.keys(Parameters).length },
  { what: 'outputs', most: 200, measure: ({ Outputs }) => Object.keys(Outputs).length },
];

interface PropertyLimit {
  readonly type: string;
  readonly property: string;
  readonly what: string;
  readonly most: number;
}

// Sources: the quotas of Secrets Manager, KMS, CloudWatch and IAM.
const PROPERTY_LIMITS: readonly PropertyLimit[] = [
  {
    type: 'AWS::SecretsManager::ResourcePolicy',
    property: 'ResourcePolicy',
    what: 'resource policy of a secret',
    most: 20_480,
  },
  { type: 'AWS::KMS::Key', property: 'KeyPolicy', what: 'policy of a KMS key', most: 32_768 },
  {
    type: 'AWS::IAM::Policy',
    property: 'PolicyDocument',
    what: 'inline policy of a role',
    most: 10_240,
  },
  {
    type: 'AWS::CloudWatch::Alarm',
    property: 'AlarmDescription',
    what: 'description of an alarm',
    most: 1_024,
  },
];

/** As long as the ARN of a role gets in any partition: a template does not know it. */
const REFERENCE = 'x'.repeat(103);

/**
 * Fails synth where a deploy would fail halfway: what only templates show, such as roles of the app that
 * read a secret, or hundreds of workspaces in one stack.
 */
export function limitTemplates(system: Construct): void {
  Validations.of(system).addPlugins(new TemplateLimits(system));
}

class TemplateLimits implements IPolicyValidationPlugin {
  readonly name = 'mistral-governance';

  constructor(private readonly system: Construct) {}

  validate({ templatePaths }: IPolicyValidationContext): PolicyValidationPluginReport {
    const folder = dirname(templatePaths[0] ?? '');
    const stacks = [Stack.of(this.system), ...this.system.node.findAll().filter(Stack.isStack)];
    const violations = stacks.flatMap(({ node: { path }, templateFile }) => {
      const templatePath = join(folder, templateFile);
      return violationsOf(path, readFileSync(templatePath, 'utf8')).map(
        ([ruleName, description, constructPath]): PolicyViolation => ({
          ruleName,
          description,
          violatingResources: [{ constructPath, templatePath, locations: [] }],
        }),
      );
    });
    return { success: violations.length === 0, violations };
  }
}

type Found = readonly [rule: string, description: string, constructPath: string];

/** What is over a limit in the template of a stack. */
export function violationsOf(stack: string, text: string): Found[] {
  const template = TemplateSchema.parse(JSON.parse(text));
  const ofTemplate = TEMPLATE_LIMITS.map(
    ({ what, most, measure }) => [what, most, measure(template, Buffer.byteLength(text))] as const,
  ).filter(([, most, measured]) => measured > most);
  return [
    ...ofTemplate.map(
      ([what, most, measured]): Found => [
        `template-${what}`,
        `the template of stack ${stack} has ${measured} ${what}, CloudFormation takes ${most}: use fewer workspaces or keys, or a second deployment in another account or region`,
        stack,
      ],
    ),
    ...Object.entries(template.Resources).flatMap(([id, resource]) =>
      oversized(`${stack}/${id}`, resource),
    ),
  ];
}

function oversized(at: string, { Type, Properties }: Resource): Found[] {
  return PROPERTY_LIMITS.flatMap(({ type, property, what, most }): Found[] => {
    const measured = type === Type ? lengthOf(Properties[property]) : 0;
    if (measured <= most) return [];
    return [[property, `the ${what} at ${at} has ${measured} characters, AWS takes ${most}`, at]];
  });
}

/** As it is deployed, with each reference as long as one can be. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  return JSON.stringify(value ?? '', (_key, part) => (isReference(part) ? REFERENCE : part)).length;
}

function isReference(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...more] = Object.keys(value);
  return more.length === 0 && (name === 'Ref' || name?.startsWith('Fn::') === true);
}
