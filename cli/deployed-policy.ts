import { strFromU8, unzipSync } from 'fflate/browser';
import { parseJson } from '../governance/platform/json.js';
import { MOST_MIB } from '../governance/policy/load-policy.js';
import { parsePolicy } from '../governance/policy/parse-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { POLICY_FILE } from '../governance/policy/policy-file.js';
import { problemText } from '../governance/policy/policy-problem.js';
import type { Cli, CommonOptions } from './cli.js';
import { CommandFailure, EXIT } from './failure.js';
import { openDeployment } from './open-deployment.js';

export interface DeployedPolicy {
  /** For messages. */
  readonly name: string;
  readonly policy: Policy;
}

/**
 * The policy that the deployed functions run with: it lies beside the code of each.
 *
 * @throws CommandFailure where it cannot be read
 */
export async function readDeployedPolicy(
  cli: Cli,
  options: CommonOptions,
): Promise<DeployedPolicy> {
  const { stack, functions } = await openDeployment(cli, options);
  const functionName = stack.output('AuditFunctionName');
  const code = await cli.progress.during('reading the deployed policy', () =>
    functions.code(functionName),
  );
  const parsed = parsePolicy(parseJson(policyTextIn(code, functionName)));
  const name = `the policy of stack ${stack.name}`;
  if (parsed.ok) return { name, policy: parsed.policy };
  throw unexpected(`${name} is of another version than this command line`, {
    problems: parsed.problems.map(problemText),
  });
}

function policyTextIn(code: Uint8Array, functionName: string): string {
  try {
    const files = unzipSync(code, {
      filter: ({ name, originalSize }) => {
        return name === POLICY_FILE && originalSize <= MOST_MIB * 1024 * 1024;
      },
    });
    const file = files[POLICY_FILE];
    if (file !== undefined) return strFromU8(file);
  } catch (cause) {
    throw unexpected(`the code of function ${functionName} is not a zip file`, { cause });
  }
  throw unexpected(`the code of function ${functionName} has no ${POLICY_FILE}: deploy again`);
}

function unexpected(
  message: string,
  details: { readonly problems?: readonly string[]; readonly cause?: unknown } = {},
): CommandFailure {
  return new CommandFailure('unexpected_answer', EXIT.no, message, details);
}
