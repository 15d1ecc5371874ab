import { messageOf } from '../governance/platform/failures.js';
import { countText } from '../governance/platform/wording.js';
import { readPolicyDocument } from '../governance/policy/load-policy.js';
import { parsePolicy } from '../governance/policy/parse-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { CommandFailure, EXIT } from './failure.js';

/** Reads and checks a policy file. @throws CommandFailure with every error in it */
export function openPolicy(path: string): Policy {
  return checkedPolicy(path, openDocument(path));
}

/** The YAML of a policy file, unchecked. @throws CommandFailure where it cannot be read */
export function openDocument(path: string): unknown {
  try {
    return readPolicyDocument(path);
  } catch (error) {
    throw new CommandFailure('policy_unreadable', EXIT.wrong, messageOf(error), { cause: error });
  }
}

export function checkedPolicy(path: string, document: unknown): Policy {
  const parsed = parsePolicy(document);
  if (parsed.ok) return parsed.policy;
  const { problems } = parsed;
  const count = countText(problems.length, 'problem');
  throw new CommandFailure('policy_invalid', EXIT.wrong, `${path} has ${count}:`, { problems });
}
