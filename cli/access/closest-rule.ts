import { distance } from '../../governance/platform/closest.js';
import { callerPattern, matches } from '../../governance/policy/caller-patterns.js';
import type { Caller } from '../../governance/policy/policy.js';

/** `path` is for example `callers[2]`. */
export type MatchingRule = Caller & { readonly path: string };

type Part = 'partition' | 'account' | 'kind' | 'name' | 'session';

export type ClosestRule = MatchingRule & { readonly differsIn: readonly Part[] };

/** The rule that a caller misses by the fewest characters; of equal ones the first. */
export function closestRule(
  rules: readonly MatchingRule[],
  callerArn: string,
): ClosestRule | undefined {
  const [closest] = rules
    .map((rule) => ({ rule, distance: distance(callerPattern(rule.principal), callerArn) }))
    .sort((one, other) => one.distance - other.distance);
  if (!closest) return undefined;
  const [allowed, given] = [partsOf(callerPattern(closest.rule.principal)), partsOf(callerArn)];
  const differsIn = PARTS.filter((part) => !matches(allowed[part], given[part]));
  return { ...closest.rule, differsIn };
}

const PARTS: readonly Part[] = ['partition', 'account', 'kind', 'name', 'session'];

function partsOf(arn: string): Readonly<Record<Part, string>> {
  const [, partition = '', , , account = '', resource = ''] = arn.split(':');
  const [kind = '', ...path] = resource.split('/');
  const [name = '', session = ''] =
    kind === 'assumed-role' ? [path[0], path.slice(1).join('/')] : [path.join('/'), '*'];
  return { partition, account, kind, name, session };
}
