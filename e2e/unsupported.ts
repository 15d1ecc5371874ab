import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Cloud } from './cloud.js';
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

function isUnsupported({ Type, Properties = {} }: Resource): boolean {
  return UNSUPPORTED.some(
    ({ example, property }) =>
      example.Type === Type && (property === undefined || property in Properties),
  );
}

/** Where the emulator differs from AWS, and what this run does about it. */
export const DIFFERENCES: readonly string[] = [
  'Secrets Manager stores empty versions, and has neither rotations nor their schedules nor resource policies in templates: ministack_like_aws.py adds them, where a schedule starts no rotation, a failed step is not repeated, and the root may read',
  'conditions know no s3:if-none-match, and take the session of a role as aws:PrincipalArn: ministack_like_aws.py corrects both',
  'flows do not wait before a retry; those of the journey wait two seconds for any instant to come',
  'functions run on the Node of this machine, without what Lambda gives to functions that stream: see lambda-streaming.cjs, which collects an answer before it is sent',
  'functions reach it through a proxy of this run, where answers can be lost, and without TLS up to there',
  'a function URL passes no identity to the function: the SDK invokes the function with the event of a URL, the URL itself is only seen to reject',
  'the deletion of a nested stack heeds no DeletionPolicy: that secrets stay is read in the templates, and seen at the one whose key left the policy',
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
    UNSUPPORTED.map(async ({ example }, index) => {
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
