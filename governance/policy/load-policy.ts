import { readAtMost } from '../platform/bounded-file.js';
import { unreadText } from '../platform/failures.js';
import { DEPLOY_RULES, regionProblem } from './deploy-checks.js';
import { type ParsedPolicy, parsePolicy } from './parse-policy.js';
import type { Policy } from './policy.js';
import {
  inOrderOfPlace,
  type PlacedProblem,
  PolicyError,
  type PolicyProblem,
} from './policy-problem.js';
import { type PolicyText, PolicyTextError, readPolicyText } from './policy-yaml.js';

/** A policy of a thousand workspaces has some three. */
export const MOST_MIB = 8;

/** The text that a policy is from. */
export interface PolicySource extends PolicyText {
  /** A path, or what else the text is from. */
  readonly name: string;
}

export interface CheckOptions {
  /** Where it is to be deployed. @default anywhere */
  readonly region?: string | undefined;
}

/** Policies that were read in this process, so that later messages can say where in the file a field is. */
const SOURCES = new WeakMap<object, PolicySource>();

/** Reads and checks a policy file. @throws PolicyError with everything wrong in it, and where */
export function loadPolicy(path: string, options?: CheckOptions): Policy {
  return checkSource(readPolicySource(path), options);
}

/**
 * Checks a policy, also by what AWS would refuse in a deploy.
 *
 * @throws PolicyError with everything that is wrong with it
 */
export function checkPolicy(document: object): Policy {
  return checked(document, SOURCES.get(document), {});
}

/** @throws PolicyError with everything wrong in it, and where */
export function checkSource(
  source: PolicySource,
  options: CheckOptions = {},
  document = source.document,
): Policy {
  return checked(document, source, options);
}

function checked(
  document: unknown,
  source: PolicySource | undefined,
  { region }: CheckOptions,
): Policy {
  const parsed = parseForDeploy(document, region);
  const problems = parsed.ok ? [] : parsed.problems;
  const placed = [
    ...(source?.problems ?? []),
    ...problems.map((problem) => place(problem, source)),
  ];
  if (placed.length > 0 || !parsed.ok) {
    throw new PolicyError(source?.name ?? 'policy', inOrderOfPlace(placed));
  }
  if (source !== undefined) SOURCES.set(parsed.policy, source);
  return parsed.policy;
}

/** Also by what AWS would refuse in a deploy. */
export function parseForDeploy(document: unknown, region = ''): ParsedPolicy {
  function* ofRegion(policy: Policy) {
    const problem = regionProblem(policy, region);
    if (problem !== undefined) yield problem;
  }
  return parsePolicy(document, { rules: [...DEPLOY_RULES, ofRegion] });
}

/** Where a policy was read from; `undefined` for one that was written in code. */
export function sourceOf(policy: object): PolicySource | undefined {
  return SOURCES.get(policy);
}

export function place<Problem extends PolicyProblem>(
  problem: Problem,
  source: PolicySource | undefined,
): Problem & Pick<PlacedProblem, 'place'> {
  return { ...problem, place: source?.placeOf(problem.path) };
}

/** A policy file, unchecked. @throws PolicyError where it is not YAML, or Error where it cannot be read */
export function readPolicySource(path: string): PolicySource {
  return policySource(readPolicyBytes(path), path);
}

/** @throws PolicyError where the bytes are not YAML */
export function policySource(bytes: Uint8Array, name: string): PolicySource {
  try {
    return { ...readPolicyText(bytes), name };
  } catch (error) {
    if (!(error instanceof PolicyTextError)) throw error;
    throw new PolicyError(name, error.problems, true);
  }
}

function readPolicyBytes(path: string): Uint8Array {
  try {
    return readAtMost(path, MOST_MIB);
  } catch (error) {
    throw new Error(`policy ${path} could not be read: ${unreadText(error)}`);
  }
}
