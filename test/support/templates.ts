import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import type { Statement } from './iam.js';

export interface Resource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Every resource of every template that a deploy of the app takes, nested stacks too. */
export function resourcesOf(app: App): Resource[] {
  const { directory } = app.synth();
  return readdirSync(directory)
    .filter((name) => name.endsWith('.template.json'))
    .flatMap((name) => resourcesIn(JSON.parse(readFileSync(join(directory, name), 'utf8'))));
}

/** Every policy statement in a resource, wherever it has its policies. */
export function statementsOf({ properties }: Resource): Statement[] {
  return statementsIn(properties);
}

function resourcesIn(template: { readonly Resources?: object }): Resource[] {
  return Object.values(template.Resources ?? {}).map(({ Type, Properties }) => ({
    type: Type,
    properties: Properties ?? {},
  }));
}

function statementsIn(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('Statement' in value && Array.isArray(value.Statement)) return value.Statement;
  return Object.values(value).flatMap(statementsIn);
}
