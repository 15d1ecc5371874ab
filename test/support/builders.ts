import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parsePolicy } from '../../lambdas/domain/parse-policy.js';
import type { Policy } from '../../lambdas/domain/policy.js';

const SHIPPED = readFileSync(join(import.meta.dirname, '../../governance.yaml'), 'utf8');

/** The shipped `governance.yaml` as parsed YAML, fresh for every caller, before any check. */
export function policyDocument() {
  return parse(SHIPPED);
}

/** A valid policy: the shipped one, changed as the test needs. */
export function aPolicy(
  change: (document: ReturnType<typeof policyDocument>) => void = () => {},
): Policy {
  const document = policyDocument();
  change(document);
  const parsed = parsePolicy(document);
  if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
  return parsed.policy;
}
