import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { createRole } from './account.js';
import type { Cloud } from './cloud.js';
import { command } from './commands.js';
import { ACCOUNT, type Emulator, REGION } from './emulator.js';
import { claim } from './report.js';
import { until } from './waiting.js';

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  DependsOn?: string | string[];
}

interface Unsupported {
  /** One that would do in AWS: the emulator is seen to reject it, or this entry has to go. */
  readonly example: Resource;
  /** Only resources with this property. */
  readonly property?: string;
  readonly consequence: string;
}

/** What the emulator cannot create; everything else of the app is deployed as synthesized. */
export const UNSUPPORTED: readonly Unsupported[] = [
  {
    example: {
      Type: 'AWS::SecretsManager::RotationSchedule',
      Properties: {
        SecretId: 'mistral/admin-api-key',
        RotationRules: { AutomaticallyAfterDays: 90 },
        RotateImmediatelyOnUpdate: false,
      },
    },
    consequence: 'no schedule starts a rotation here, and none of its settings is tried',
  },
  {
    example: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        ...{ ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1, Threshold: 0 },
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
    property: 'Metrics',
    consequence: 'these alarms are not created; alarms of one metric are',
  },
  {
    example: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: 'FALSE' } },
    consequence: 'missed runs are not reported here',
  },
];

const RESOURCE_POLICY = 'AWS::SecretsManager::ResourcePolicy';
export const RESOURCE_POLICY_NAME = 'e2e-resource-policy';
/** The function behind the custom resources that stand for resource policies of secrets. */
const RESOURCE_POLICY_FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${RESOURCE_POLICY_NAME}`;

/** One of each that is left out, or that something else stands for. */
const EXAMPLES: readonly Resource[] = [
  ...UNSUPPORTED.map(({ example }) => example),
  {
    Type: RESOURCE_POLICY,
    Properties: {
      SecretId: 'mistral/admin-api-key',
      ResourcePolicy: { Version: '2012-10-17', Statement: [] },
    },
  },
];

function isUnsupported({ Type, Properties = {} }: Resource): boolean {
  return UNSUPPORTED.some(
    ({ example, property }) =>
      example.Type === Type && (property === undefined || property in Properties),
  );
}

/** Where the emulator differs from AWS, and what this run does about it. */
export const DIFFERENCES: readonly string[] = [
  'a secret made without a value holds an empty AWSCURRENT version: the label is taken off',
  'RotateSecret calls no function and makes a copy current: labels are put back, the four steps driven',
  'flows wait two seconds for any instant to come, and not at all before a retry: see ministack_fixed_waits.py',
  'conditions know no s3:if-none-match, and take the session of a role as aws:PrincipalArn: see ministack_fixed_waits.py, which corrects both',
  'functions run on the Node of this machine, without what Lambda gives to functions that stream: see lambda-streaming.cjs, which collects an answer before it is sent',
  'functions reach it through a proxy of this run, where answers can be lost, and without TLS up to there',
  'a function URL passes no identity to the function: the SDK invokes the function with the event of a URL, the URL itself is only seen to reject',
  'the deletion of a nested stack heeds no DeletionPolicy: that secrets stay is read in the templates, and seen at the one whose key left the policy',
  'AWS::SecretsManager::ResourcePolicy is unknown: a custom resource hands its properties to PutResourcePolicy, with the root, as whom this run reads values: see resource-policy.cjs',
];

interface Template {
  readonly Resources: Record<string, Resource>;
}

/** Copies a cloud assembly without what the emulator cannot create; returns the ids of that. */
export function copyWithoutUnsupported(assembly: string, copy: string): string[] {
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

function stripTemplate(path: string): string[] {
  const { Resources, ...rest }: Template = JSON.parse(readFileSync(path, 'utf8'));
  const leftOut: string[] = [];
  for (const [logicalId, resource] of Object.entries(Resources)) {
    if (resource.Type === RESOURCE_POLICY) Resources[logicalId] = asCustomResource(resource);
    if (!isUnsupported(resource)) continue;
    leftOut.push(logicalId);
    delete Resources[logicalId];
  }
  for (const resource of Object.values(Resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((other) => other in Resources);
  }
  writeFileSync(path, JSON.stringify({ ...rest, Resources }));
  return leftOut;
}

function asCustomResource(resource: Resource): Resource {
  return {
    ...resource,
    Type: 'Custom::SecretsManagerResourcePolicy',
    Properties: { ServiceToken: RESOURCE_POLICY_FUNCTION, ...resource.Properties },
  };
}

/** Makes that function, with what it may do and no more. */
export async function createResourcePolicyFunction(
  cloud: Cloud,
  { env }: Emulator,
  folder: string,
): Promise<void> {
  const source = join(folder, RESOURCE_POLICY_NAME);
  const zip = `${source}.zip`;
  mkdirSync(source);
  copyFileSync(join(import.meta.dirname, 'resource-policy.cjs'), join(source, 'index.js'));
  const pack = ['-m', 'zipfile', '-c', zip, join(source, 'index.js')];
  await command('python3', pack, env);
  await createRole(cloud, RESOURCE_POLICY_NAME, { Service: 'lambda.amazonaws.com' }, [
    'secretsmanager:PutResourcePolicy',
    'secretsmanager:DeleteResourcePolicy',
  ]);
  await cloud.aws('lambda create-function', {
    'function-name': RESOURCE_POLICY_NAME,
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    role: `arn:aws:iam::${ACCOUNT}:role/${RESOURCE_POLICY_NAME}`,
    'zip-file': `fileb://${zip}`,
  });
}

/** Whether a secret has a policy of its own. */
export async function hasResourcePolicy(cloud: Cloud, SecretId: string): Promise<boolean> {
  const { ResourcePolicy } = await cloud.secretsManager.getResourcePolicy({ SecretId });
  return ResourcePolicy !== undefined;
}

const EventsSchema = z.array(
  z.object({ status: z.string(), reason: z.string().nullable().default('') }),
);
const ENDS = ['CREATE_FAILED', 'CREATE_COMPLETE'];
/** A rejection of the kind of resource; an example that is wrong itself is rejected in other words. */
const NOT_KNOWN = /Unrecognized resource types|Unsupported resource type|is not supported/;

/** Nothing is left out that the emulator could make: a stack of each alone fails, and for that reason. */
export async function claimExamplesRejected(cloud: Cloud): Promise<void> {
  await Promise.all(
    EXAMPLES.map(async (example, index) => {
      const reason = await outcomeOf(cloud, `left-out-${index}`, example);
      claim(NOT_KNOWN.test(reason), `no ${example.Type}: make it, the emulator knows it`, reason);
    }),
  );
}

/** Why a resource cannot be created, or `CREATE_COMPLETE`. */
async function outcomeOf({ aws }: Cloud, name: string, Example: Resource): Promise<string> {
  try {
    await aws('cloudformation create-stack', {
      'stack-name': name,
      'template-body': { Resources: { Example } },
    });
  } catch (error) {
    return String(error);
  }
  const query = 'StackEvents[].{status: ResourceStatus, reason: ResourceStatusReason}';
  const ended = await until(
    `an end of a stack with one ${Example.Type}`,
    async () => {
      const events = await aws('cloudformation describe-stack-events', {
        'stack-name': name,
        query,
      });
      return EventsSchema.parse(events).filter(({ status }) => ENDS.includes(status));
    },
    (ends) => ends.length > 0,
    { pauseMs: 250 },
  );
  return ended.find(({ status }) => status === 'CREATE_FAILED')?.reason ?? 'CREATE_COMPLETE';
}
