import { readAtMost } from '../governance/platform/bounded-file.js';
import { unreadText } from '../governance/platform/failures.js';
import { countText } from '../governance/platform/wording.js';
import { MOST_MIB } from '../governance/policy/load-policy.js';
import { parsePolicy } from '../governance/policy/parse-policy.js';
import type { Policy } from '../governance/policy/policy.js';
import { parsePolicyYaml } from '../governance/policy/policy-yaml.js';
import { GovernanceConfigurationError } from './errors.js';

/** A file (YAML or JSON), the document itself, or a function that fetches it, for example from S3. */
export type PolicySource = string | object | (() => unknown);

/** Reads and validates a policy. @throws GovernanceConfigurationError */
export async function readPolicy(source: PolicySource): Promise<Policy> {
  const from = typeof source === 'string' ? `policy ${source}` : 'policy';
  const parsed = parsePolicy(await documentOf(source, from));
  if (parsed.ok) return parsed.policy;
  const { problems } = parsed;
  throw new GovernanceConfigurationError(
    `${from} has ${countText(problems.length, 'problem')}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
}

async function documentOf(source: PolicySource, from: string): Promise<unknown> {
  try {
    if (typeof source === 'string') return parsePolicyYaml(readAtMost(source, MOST_MIB));
    const document: unknown = typeof source === 'function' ? await source() : source;
    return typeof document === 'string' ? parsePolicyYaml(document) : document;
  } catch (error) {
    throw new GovernanceConfigurationError(`${from} could not be read: ${unreadText(error)}`);
  }
}
