import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import type { Statement } from './iam.js';

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface StatementOfResource {
  readonly resource: Resource;
  readonly statement: Statement;
}

/** Every resource of every template that a deploy of the app takes, nested stacks too. */
export function resourcesOf(app: App): Resource[] {
  const { directory } = app.synth();
  return readdirSync(directory)
    .filter((name) => name.endsWith('.template.json'))
    .flatMap((name) => resourcesIn(JSON.parse(readFileSync(join(directory, name), 'utf8'))));
}

/** Every policy statement in a resource, wherever it has its policies. */
export function statementsOf(resource: Resource): StatementOfResource[] {
  return statementsIn(resource.properties).map((statement) => ({ resource, statement }));
}

function resourcesIn(template: { readonly Resources?: object }): Resource[] {
  return Object.entries(template.Resources ?? {}).map(([id, { Type, Properties }]) => ({
    id,
    type: Type,
    properties: Properties ?? {},
  }));
}

function statementsIn(value: unknown): Statement[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('Statement' in value && Array.isArray(value.Statement)) return value.Statement;
  return Object.values(value).flatMap(statementsIn);
}
