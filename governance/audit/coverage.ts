import { FINDING_TYPES, type Finding, groupOf } from './finding.js';
import { RATE_DRIFT, SPEND_DRIFT, WORKSPACE_DRIFT } from './policy-drift.js';

/** What an audit could find out. */
export interface Coverage {
  readonly allKeys: boolean;
  readonly retirements: boolean;
  readonly workspaces: boolean;
  readonly rateLimit: boolean;
  readonly spendLimit: boolean;
  readonly models: boolean;
  /** Names of secrets whose labels are not known for certain. */
  readonly unclearSecrets: ReadonlySet<string>;
}

const NEED_NO_KEYS: ReadonlySet<Finding['type']> = new Set([
  'rotation-overdue',
  'rotation-failed',
  'policy-drift',
  'model-drift',
  'key-needed',
]);
const NEED_ALL_KEYS = FINDING_TYPES.filter((type) => !NEED_NO_KEYS.has(type));

/** Tells of which findings the audit could not have seen that they are gone. */
export function undecidedBy(coverage: Coverage): (finding: Finding) => boolean {
  const { allKeys, retirements, workspaces, rateLimit, spendLimit, models, unclearSecrets } =
    coverage;
  const prefixes = [
    ...(allKeys ? [] : NEED_ALL_KEYS),
    ...(retirements && unclearSecrets.size === 0 ? [] : ['orphaned']),
    ...(workspaces ? [] : [`policy-drift#${WORKSPACE_DRIFT}`]),
    ...(rateLimit ? [] : [`policy-drift#${RATE_DRIFT}`]),
    ...(spendLimit ? [] : [`policy-drift#${SPEND_DRIFT}`]),
    ...(models ? [] : ['model-drift']),
  ].map((prefix) => `${prefix}#`);
  return (finding) =>
    unclearSecrets.has(finding.subject) || prefixes.some((prefix) => finding.id.startsWith(prefix));
}

/**
 * Of what an incomplete audit found, leaves out keys that an open finding already speaks for as one
 * of many: too few were seen this time to know whether there are still as many.
 */
export function notYetGrouped(
  findings: readonly Finding[],
  open: readonly Finding[],
): readonly Finding[] {
  const openIds = new Set(open.map(({ id }) => id));
  return findings.filter(
    (finding) => finding.id === groupOf(finding) || !openIds.has(groupOf(finding)),
  );
}
