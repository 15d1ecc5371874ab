import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { countText } from '../platform/wording.js';
import { DEPLOY_RULES } from './deploy-checks.js';
import { parsePolicy } from './parse-policy.js';
import type { Policy } from './policy.js';

/** Reads and checks a policy file. @throws Error naming the file and everything wrong in it */
export function loadPolicy(path: string): Policy {
  return checkPolicy(readPolicyDocument(path), path);
}

/** @throws Error naming everything that is wrong with it */
export function checkPolicy(document: unknown, name = 'policy'): Policy {
  const parsed = parsePolicy(document, { rules: DEPLOY_RULES });
  if (parsed.ok) return parsed.policy;
  const list = parsed.problems.map((problem) => `  ${problem}`).join('\n');
  throw new Error(`${name} has ${countText(parsed.problems.length, 'problem')}:\n${list}`);
}

/** The file's YAML, unchecked. @throws Error naming the file */
export function readPolicyDocument(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`policy ${path} could not be read: ${reason}`);
  }
}
