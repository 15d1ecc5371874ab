import type { Readable } from 'node:stream';
import { tooLong } from '../governance/platform/bounded-file.js';
import { messageOf } from '../governance/platform/failures.js';
import { countText } from '../governance/platform/wording.js';
import {
  MOST_MIB,
  parseForDeploy,
  policyDocument,
  readPolicyDocument,
} from '../governance/policy/load-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { CommandFailure, EXIT } from './failure.js';

/** Reads and checks a policy file. @throws CommandFailure with every error in it */
export function openPolicy(path: string): Policy {
  return checkedPolicy(path, openDocument(path));
}

/** The YAML of a policy file, unchecked. @throws CommandFailure where it cannot be read */
export function openDocument(path: string): unknown {
  return readable(() => readPolicyDocument(path));
}

/** A policy from stdin, for example from another program. @throws CommandFailure with every error in it */
export async function readPolicyFrom(stdin: Readable, name: string): Promise<Policy> {
  const pieces: Buffer[] = [];
  let left = MOST_MIB * 1024 * 1024;
  for await (const piece of stdin) {
    pieces.push(Buffer.from(piece));
    left -= piece.length;
    if (left < 0) break;
  }
  return checkedPolicy(
    name,
    readable(() => {
      if (left < 0)
        throw new Error(`policy ${name} could not be read: ${tooLong(MOST_MIB).message}`);
      return policyDocument(Buffer.concat(pieces), name);
    }),
  );
}

function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new CommandFailure('policy_unreadable', EXIT.wrong, messageOf(error), { cause: error });
  }
}

export function checkedPolicy(path: string, document: unknown): Policy {
  const parsed = parseForDeploy(document);
  if (parsed.ok) return parsed.policy;
  throw policyInvalid(path, parsed.problems);
}

export function policyInvalid(path: string, problems: readonly string[]): CommandFailure {
  const count = countText(problems.length, 'problem');
  return new CommandFailure('policy_invalid', EXIT.wrong, `${path} has ${count}:`, { problems });
}
