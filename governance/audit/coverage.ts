import { FINDING_TYPES, type Finding, type FindingType, groupOf } from './finding.js';
import { RATE_DRIFT, SPEND_DRIFT, WORKSPACE_DRIFT } from './policy-drift.js';

/** What an audit could check. */
export type Coverage = {
  readonly models: boolean;
  /** Names of secrets whose labels are not known for certain. */
  readonly unclearSecrets: ReadonlySet<string>;
} & (
  | { readonly source: 'operator' }
  | {
      readonly source: 'admin-api';
      readonly allKeys: boolean;
      readonly retirements: boolean;
      readonly workspaces: boolean;
      readonly rateLimit: boolean;
      readonly spendLimit: boolean;
      /** Of the usage report. */
      readonly prices: boolean;
    }
);

const NEED_NO_KEYS: ReadonlySet<FindingType> = new Set([
  'rotation-overdue',
  'rotation-failed',
  'policy-drift',
  'model-drift',
  'price-drift',
  'unknown-price',
  'key-needed',
]);
const NEED_ALL_KEYS = FINDING_TYPES.filter((type) => !NEED_NO_KEYS.has(type));

/** Types that are judged of secrets in operator mode; the last one is `key-needed` there. */
const OPERATOR_TYPES: ReadonlySet<FindingType> = new Set([
  'key-needed',
  'over-age',
  'never-used',
  'stale',
  'rotation-failed',
  'policy-drift',
  'rotation-overdue',
]);

/** Tells which findings may still hold although the audit did not find them. */
export function undecidedBy(coverage: Coverage): (finding: Finding) => boolean {
  const { models, unclearSecrets } = coverage;
  if (coverage.source === 'operator') {
    return ({ type, subject, evidence }) => {
      if (type === 'model-drift' || type === 'unknown-price') return !models;
      const isOfSecret = evidence.secret === subject;
      return !OPERATOR_TYPES.has(type) || !isOfSecret || unclearSecrets.has(subject);
    };
  }
  const { allKeys, retirements, workspaces, rateLimit, spendLimit, prices } = coverage;
  const prefixes = [
    ...(allKeys ? [] : NEED_ALL_KEYS),
    ...(retirements && unclearSecrets.size === 0 ? [] : ['orphaned']),
    ...(workspaces ? [] : [`policy-drift#${WORKSPACE_DRIFT}`]),
    ...(rateLimit ? [] : [`policy-drift#${RATE_DRIFT}`]),
    ...(spendLimit ? [] : [`policy-drift#${SPEND_DRIFT}`]),
    ...(models ? [] : ['model-drift']),
    ...(models && prices ? [] : ['unknown-price']),
    ...(prices ? [] : ['price-drift']),
  ].map((prefix) => `${prefix}#`);
  return (finding) =>
    unclearSecrets.has(finding.subject) || prefixes.some((prefix) => finding.id.startsWith(prefix));
}

/**
 * Of what an incomplete audit found, leaves out keys that an open finding already counts as one of
 * many: too few were listed this time to know whether there are still as many.
 */
export function withoutGrouped(
  findings: readonly Finding[],
  open: readonly Finding[],
): readonly Finding[] {
  const openIds = new Set(open.map(({ id }) => id));
  return findings.filter(
    (finding) => finding.id === groupOf(finding) || !openIds.has(groupOf(finding)),
  );
}
