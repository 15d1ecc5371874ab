import type { Template } from 'aws-cdk-lib/assertions';

export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Everything each role of the template may do, one `action on resource` a line, sorted. */
export function grants(template: Template): Record<string, string[]> {
  const byRole: Record<string, string[]> = {};
  for (const { Properties } of Object.values(template.findResources('AWS::IAM::Policy'))) {
    const lines = Properties.PolicyDocument.Statement.flatMap(linesOf);
    for (const role of Properties.Roles) {
      const name = readable(role);
      byRole[name] = [...(byRole[name] ?? []), ...lines].sort();
    }
  }
  return byRole;
}

/** The grants of a resource's own policy, one `effect actions to principal when …` a line. */
export function resourceGrants({ Statement }: { Statement: readonly Statement[] }): string[] {
  return Statement.map(({ Effect, Action, Principal, Condition }) =>
    [
      Effect.toLowerCase(),
      [Action].flat().map(withoutService).sort().join(', '),
      `to ${readable(Principal)}`,
      ...(Condition ? [`when ${readable(Condition)}`] : []),
    ].join(' '),
  ).sort();
}

/** One `action on resource` for each pair that a statement names. */
export function linesOf({ Effect, Action, Resource }: Statement): string[] {
  const verb = Effect === 'Allow' ? '' : 'DENIED ';
  return [Action]
    .flat()
    .flatMap((action) =>
      [Resource].flat().map((resource) => `${verb}${action} on ${readable(resource)}`),
    );
}

function withoutService(action: string): string {
  return action.replace(/^secretsmanager:/, '');
}

/** A reference becomes the id it refers to, without the hash that CDK appends. */
export function readable(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(readable).join(' ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return named(String(value.Ref));
  if ('Fn::GetAtt' in value && Array.isArray(value['Fn::GetAtt'])) {
    return named(String(value['Fn::GetAtt'][0]));
  }
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    return value['Fn::Join'][1].map(readable).join('');
  }
  return Object.entries(value)
    .map(([key, inner]) => (key === 'AWS' || key === 'Service' ? '' : `${key} `) + readable(inner))
    .join(' and ');
}

function named(id: string): string {
  return id
    .replace(/^referencetoMistralGovernance/, '')
    .replace(/(Arn)$/, '')
    .replace(/[0-9A-F]{8}$/, '');
}
