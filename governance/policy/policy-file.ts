import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePolicy } from './parse-policy.js';
import type { Policy } from './policy.js';
import { problemText } from './policy-problem.js';

/** The file that a deploy puts beside each function's code. */
export const POLICY_FILE = 'policy.json';

/** Reads the policy deployed with the code. @throws Error listing all that is wrong with it */
export function readPolicyFile(folder: string): Policy {
  const document = JSON.parse(readFileSync(join(folder, POLICY_FILE), 'utf8'));
  const parsed = parsePolicy(document);
  if (parsed.ok) return parsed.policy;
  const problems = parsed.problems.map(problemText).join('\n');
  throw new Error(`policy deployed with this function is wrong:\n${problems}`);
}
