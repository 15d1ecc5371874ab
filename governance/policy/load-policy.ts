import { readAtMost } from '../platform/bounded-file.js';
import { unreadText } from '../platform/failures.js';
import { countText } from '../platform/wording.js';
import { DEPLOY_RULES } from './deploy-checks.js';
import { type ParsedPolicy, parsePolicy } from './parse-policy.js';
import type { Policy } from './policy.js';
import { parsePolicyYaml } from './policy-yaml.js';

/** A policy of a thousand workspaces has some three. */
export const MOST_MIB = 8;

/** Reads and checks a policy file. @throws Error naming the file and everything wrong in it */
export function loadPolicy(path: string): Policy {
  return checkPolicy(readPolicyDocument(path), path);
}

/** @throws Error naming everything that is wrong with it */
export function checkPolicy(document: unknown, name = 'policy'): Policy {
  const parsed = parseForDeploy(document);
  if (parsed.ok) return parsed.policy;
  const list = parsed.problems.map((problem) => `  ${problem}`).join('\n');
  throw new Error(`${name} has ${countText(parsed.problems.length, 'problem')}:\n${list}`);
}

/** Also by what AWS would refuse in a deploy. */
export function parseForDeploy(document: unknown): ParsedPolicy {
  return parsePolicy(document, { rules: DEPLOY_RULES });
}

/** The file's YAML, unchecked. @throws Error naming the file */
export function readPolicyDocument(path: string): unknown {
  return policyDocument(readPolicyBytes(path), path);
}

/** @throws Error naming where the bytes are from */
export function policyDocument(bytes: Uint8Array, name: string): unknown {
  try {
    return parsePolicyYaml(bytes);
  } catch (error) {
    throw unreadable(name, error instanceof Error ? error.message : String(error));
  }
}

function readPolicyBytes(path: string): Uint8Array {
  try {
    return readAtMost(path, MOST_MIB);
  } catch (error) {
    throw unreadable(path, unreadText(error));
  }
}

function unreadable(name: string, reason: string): Error {
  return new Error(`policy ${name} could not be read: ${reason}`);
}
