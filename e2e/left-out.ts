import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  DependsOn?: string | string[];
}

interface Lack {
  readonly what: string;
  readonly consequence: string;
  readonly matches: (resource: Resource) => boolean;
}

/** What the emulator refuses to create; everything else of the app is deployed as synthesized. */
export const LACKS: readonly Lack[] = [
  {
    what: 'AWS::SecretsManager::ResourcePolicy',
    consequence: 'who may read a secret is not tried here',
    matches: ({ Type }) => Type === 'AWS::SecretsManager::ResourcePolicy',
  },
  {
    what: 'AWS::SecretsManager::RotationSchedule',
    consequence: 'no schedule starts a rotation here, and none of its settings is tried',
    matches: ({ Type }) => Type === 'AWS::SecretsManager::RotationSchedule',
  },
  {
    what: 'AWS::CloudWatch::Alarm of several metrics (Properties.Metrics)',
    consequence: 'these alarms are not created; alarms of one metric are',
    matches: ({ Type, Properties }) =>
      Type === 'AWS::CloudWatch::Alarm' && Properties?.Metrics !== undefined,
  },
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
  return readdirSync(copy)
    .filter((file) => file.endsWith('.template.json'))
    .flatMap((file) => stripTemplate(join(copy, file)));
}

function stripTemplate(path: string): LeftOut[] {
  const { Resources, ...rest }: Template = JSON.parse(readFileSync(path, 'utf8'));
  const leftOut: LeftOut[] = [];
  for (const [logicalId, resource] of Object.entries(Resources)) {
    const lack = LACKS.find(({ matches }) => matches(resource));
    if (!lack) continue;
    leftOut.push({ what: lack.what, logicalId });
    delete Resources[logicalId];
  }
  for (const resource of Object.values(Resources)) {
    if (resource.DependsOn === undefined) continue;
    resource.DependsOn = [resource.DependsOn].flat().filter((other) => other in Resources);
  }
  if (leftOut.length > 0) writeFileSync(path, JSON.stringify({ ...rest, Resources }));
  return leftOut;
}
