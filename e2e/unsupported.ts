import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESOURCE_POLICY_FUNCTION } from './resource-policies.js';

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  DependsOn?: string | string[];
}

interface Lack {
  readonly what: string;
  readonly consequence: string;
  readonly matches: (resource: Resource) => boolean;
  /** One that would do in AWS: the emulator is seen to refuse it, or the lack is none any more. */
  readonly example: Resource;
}

/** What the emulator refuses to create; everything else of the app is deployed as synthesized. */
export const LACKS: readonly Lack[] = [
  {
    what: 'AWS::SecretsManager::RotationSchedule',
    consequence: 'no schedule starts a rotation here, and none of its settings is tried',
    matches: ({ Type }) => Type === 'AWS::SecretsManager::RotationSchedule',
    example: {
      Type: 'AWS::SecretsManager::RotationSchedule',
      Properties: {
        SecretId: 'mistral/admin-api-key',
        RotationRules: { AutomaticallyAfterDays: 90 },
        RotateImmediatelyOnUpdate: false,
      },
    },
  },
  {
    what: 'AWS::CloudWatch::Alarm of several metrics (Properties.Metrics)',
    consequence: 'these alarms are not created; alarms of one metric are',
    matches: ({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' && Properties?.Metrics !== undefined,
    example: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        ComparisonOperator: 'GreaterThanThreshold',
        EvaluationPeriods: 1,
        Threshold: 0,
        Metrics: [
          { Id: 'sum', Expression: 'failed + failed' },
          {
            Id: 'failed',
            ReturnData: false,
            MetricStat: {
              Metric: { Namespace: 'AWS/States', MetricName: 'ExecutionsFailed' },
              Period: 300,
              Stat: 'Sum',
            },
          },
        ],
      },
    },
  },
  {
    what: 'AWS::CloudWatch::CompositeAlarm',
    consequence: 'nothing tells of missed runs here',
    matches: ({ Type }) => Type === 'AWS::CloudWatch::CompositeAlarm',

    example: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: 'FALSE' } },
  },
];

const RESOURCE_POLICY = 'AWS::SecretsManager::ResourcePolicy';

/** One of each that is left out, or that something else stands for. */
export const EXAMPLES: readonly Resource[] = [
  ...LACKS.map(({ example }) => example),
  {
    Type: RESOURCE_POLICY,
    Properties: {
      SecretId: 'mistral/admin-api-key',
      ResourcePolicy: { Version: '2012-10-17', Statement: [] },
    },
  },
];

/** Where the emulator does otherwise than AWS, and what this run does about it. */
export const OTHERWISE: readonly string[] = [
  'a secret made without a value holds an empty AWSCURRENT version: the label is taken off',
  'RotateSecret calls no function and puts a copy in charge: labels are put back, the four steps driven',
  'flows wait two seconds for any instant to come, and for no retry: see ministack_fixed_waits.py',
  'functions run on the Node of this machine, without what Lambda gives to functions that stream: see lambda-streaming.cjs, which collects an answer before it is sent',
  'functions reach it through a door of this run, where answers can be lost, and without TLS up to there',
  'a function URL does not tell the function who signed: the SDK invokes the function with the event of a URL, the URL itself is only seen to refuse',
  'the deletion of a nested stack heeds no DeletionPolicy: that secrets stay is read in the templates, and seen at the one whose key left the policy',
  'AWS::SecretsManager::ResourcePolicy is unknown: a custom resource hands its properties to PutResourcePolicy, with the sessions of roles beside the roles and the root, as whom this run looks at values: see resource-policy.cjs',
];

export interface LeftOut {
  readonly what: string;
  readonly logicalId: string;
}

interface Template {
  readonly Resources: Record<string, Resource>;
}

/** Copies a cloud assembly without what the emulator lacks. The original stays as it is. */
export function copyWithoutLacks(assembly: string, copy: string): LeftOut[] {
  cpSync(assembly, copy, { recursive: true });
  return templatesOf(copy).flatMap(stripTemplate);
}

/** Everything that the templates of an assembly declare, nested ones included. */
export function declaredResources(assembly: string): Resource[] {
  return templatesOf(assembly).flatMap((path) => {
    const { Resources }: Template = JSON.parse(readFileSync(path, 'utf8'));
    return Object.values(Resources);
  });
}

function templatesOf(assembly: string): string[] {
  return readdirSync(assembly)
    .filter((file) => file.endsWith('.template.json'))
    .map((file) => join(assembly, file));
}

function stripTemplate(path: string): LeftOut[] {
  const { Resources, ...rest }: Template = JSON.parse(readFileSync(path, 'utf8'));
  const leftOut: LeftOut[] = [];
  let changed = false;
  for (const [logicalId, resource] of Object.entries(Resources)) {
    if (resource.Type === RESOURCE_POLICY) {
      Resources[logicalId] = asCustomResource(resource);
      changed = true;
    }
    const lack = LACKS.find(({ matches }) => matches(resource));
    if (!lack) continue;
    leftOut.push({ what: lack.what, logicalId });
    delete Resources[logicalId];
  }
  for (const resource of Object.values(Resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((other) => other in Resources);
  }
  if (changed || leftOut.length > 0) writeFileSync(path, JSON.stringify({ ...rest, Resources }));
  return leftOut;
}

function asCustomResource(resource: Resource): Resource {
  return {
    ...resource,
    Type: 'Custom::SecretsManagerResourcePolicy',
    Properties: { ServiceToken: RESOURCE_POLICY_FUNCTION, ...resource.Properties },
  };
}
