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

/** Where a policy is from. */
export interface PolicyOrigin extends Pick<PolicyText, 'placeOf'> {
  /** A path, or what else the text is from. */
  readonly name: string;
}

/** The text that a policy is from. */
export interface PolicySource extends PolicyOrigin, PolicyText {
  readonly bytes: Uint8Array;
}

export interface CheckOptions {
  /** Where it is to be deployed. @default anywhere */
  readonly region?: string | undefined;
}

/** Policies that were read in this process, so that later messages can say where in the file a field is. */
const ORIGINS = new WeakMap<object, PolicyOrigin>();

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
  return checked(document, sourceOf(document));
}

/** @throws PolicyError with everything wrong in it, and where */
export function checkSource(
  source: PolicySource,
  options: CheckOptions = {},
  document = source.document,
): Policy {
  const policy = checked(document, source, options.region, source.problems);
  ORIGINS.set(policy, readLater(source));
  return policy;
}

function checked(
  document: unknown,
  source: PolicyOrigin | undefined,
  region?: string,
  known: readonly PlacedProblem[] = [],
): Policy {
  const parsed = parseForDeploy(document, region);
  const problems = parsed.ok ? [] : parsed.problems;
  const placed = [...known, ...problems.map((problem) => place(problem, source))];
  if (placed.length > 0 || !parsed.ok) {
    throw new PolicyError(source?.name ?? 'policy', inOrderOfPlace(placed));
  }
  if (source !== undefined) ORIGINS.set(parsed.policy, source);
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
export function sourceOf(policy: object): PolicyOrigin | undefined {
  return ORIGINS.get(policy);
}

/** Parsed again once a place is asked for: a server that runs for weeks keeps the text alone. */
function readLater({ name, bytes }: PolicySource): PolicyOrigin {
  let text: PolicyText | undefined;
  return {
    name,
    placeOf(path) {
      text ??= readPolicyText(bytes);
      return text.placeOf(path);
    },
  };
}

export function place<Problem extends PolicyProblem>(
  problem: Problem,
  source: PolicyOrigin | undefined,
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
    return { ...readPolicyText(bytes), name, bytes };
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
