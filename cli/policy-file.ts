import type { Readable } from 'node:stream';
import { tooLong } from '../governance/platform/bounded-file.js';
import { messageOf } from '../governance/platform/failures.js';
import {
  type CheckOptions,
  checkSource,
  MOST_MIB,
  type PolicySource,
  policySource,
  readPolicySource,
} from '../governance/policy/load-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { PolicyError, problemLine, problemsHeading } from '../governance/policy/policy-problem.js';
import { CommandFailure, EXIT } from './failure.js';

/** Reads and checks a policy file. @throws CommandFailure with every error in it */
export function openPolicy(path: string): Policy {
  return checkedPolicy(openSource(path));
}

/** A policy file, unchecked. @throws CommandFailure where it cannot be read */
export function openSource(path: string): PolicySource {
  return orFailure(() => readPolicySource(path));
}

/** A policy from stdin, for example from another program. @throws CommandFailure where it cannot be read */
export async function readSource(stdin: Readable, name: string): Promise<PolicySource> {
  const pieces: Buffer[] = [];
  let left = MOST_MIB * 1024 * 1024;
  for await (const piece of stdin) {
    pieces.push(Buffer.from(piece));
    left -= piece.length;
    if (left < 0) break;
  }
  return orFailure(() => {
    if (left < 0) throw new Error(`policy ${name} could not be read: ${tooLong(MOST_MIB).message}`);
    return policySource(Buffer.concat(pieces), name);
  });
}

/**
 * @param document of the source, changed
 * @throws CommandFailure with every error in it
 */
export function checkedPolicy(
  source: PolicySource,
  options: CheckOptions = {},
  document = source.document,
): Policy {
  return orFailure(() => checkSource(source, options, document));
}

function orFailure<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolicyError)) {
      throw new CommandFailure('policy_unreadable', EXIT.wrong, messageOf(error), { cause: error });
    }
    const { source, problems, isUnreadable } = error;
    const code = isUnreadable ? 'policy_unreadable' : 'policy_invalid';
    throw new CommandFailure(code, EXIT.wrong, problemsHeading(source, problems), {
      problems: problems.map((problem) => problemLine(source, problem)),
      policyError: error,
    });
  }
}
