import { readAtMost } from '../governance/platform/bounded-file.js';
import { unreadText } from '../governance/platform/failures.js';
import { MOST_MIB } from '../governance/policy/load-policy.js';
import { parsePolicy } from '../governance/policy/parse-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import {
  inOrderOfPlace,
  type PlacedProblem,
  PolicyError,
} from '../governance/policy/policy-problem.js';
import {
  type PolicyText,
  PolicyTextError,
  readPolicyText,
} from '../governance/policy/policy-yaml.js';
import { GovernanceConfigurationError } from './errors.js';

/** A file (YAML or JSON), the document itself, or a function that fetches it, for example from S3. */
export type PolicySource = string | object | (() => unknown);

type Source = Pick<PolicyText, 'document' | 'problems'> & Partial<PolicyText>;

/** Reads and validates a policy. @throws GovernanceConfigurationError */
export async function readPolicy(source: PolicySource): Promise<Policy> {
  const name = typeof source === 'string' ? source : 'policy';
  const { document, problems, placeOf } = await textOf(source, name);
  const parsed = parsePolicy(document);
  if (parsed.ok && problems.length === 0) return parsed.policy;
  const found = parsed.ok ? [] : parsed.problems;
  throw wrong(name, [
    ...problems,
    ...found.map((problem) => ({ ...problem, place: placeOf?.(problem.path) })),
  ]);
}

async function textOf(source: PolicySource, name: string): Promise<Source> {
  try {
    if (typeof source === 'string') return readPolicyText(readAtMost(source, MOST_MIB));
    const document: unknown = typeof source === 'function' ? await source() : source;
    return typeof document === 'string' ? readPolicyText(document) : { document, problems: [] };
  } catch (error) {
    if (error instanceof PolicyTextError) throw wrong(name, error.problems);
    const from = name === 'policy' ? name : `policy ${name}`;
    throw new GovernanceConfigurationError(`${from} could not be read: ${unreadText(error)}`);
  }
}

function wrong(name: string, problems: readonly PlacedProblem[]): GovernanceConfigurationError {
  return new GovernanceConfigurationError(new PolicyError(name, inOrderOfPlace(problems)).message);
}
