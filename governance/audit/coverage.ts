import { FINDING_TYPES, type FindingType } from '../policy/finding-types.js';
import { type Finding, groupOf } from './finding.js';
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
      /** Ids of workspaces whose files were not listed. @default no gateway creates any */
      readonly uncheckedWorkspaces?: readonly string[] | undefined;
    }
);

const NEED_NO_KEYS: ReadonlySet<FindingType> = new Set([
  'rotation-overdue',
  'rotation-failed',
  'policy-drift',
  'model-drift',
  'price-drift',
  'unknown-price',
  'unowned-object',
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

/** The scope of findings about entries of `audit.accepted`. */
export const ACCEPTANCE_DRIFT = 'accepted';

/** Types of which an audit may not have found all. */
export function uncheckedTypes(coverage: Coverage): ReadonlySet<string> {
  return new Set(uncheckedParts(coverage).map((part) => part.split('#')[0] ?? ''));
}

/** Types, or types and scopes, of findings that could not be checked. */
function uncheckedParts(coverage: Coverage): readonly string[] {
  const { models, unclearSecrets } = coverage;
  if (coverage.source === 'operator') return models ? [] : ['model-drift', 'unknown-price'];
  const { allKeys, retirements, workspaces, rateLimit, spendLimit, prices } = coverage;
  const { uncheckedWorkspaces = [] } = coverage;
  return [
    ...(allKeys ? [] : NEED_ALL_KEYS),
    ...(retirements && unclearSecrets.size === 0 ? [] : ['orphaned']),
    ...(workspaces ? [] : [`policy-drift#${WORKSPACE_DRIFT}`]),
    ...(rateLimit ? [] : [`policy-drift#${RATE_DRIFT}`]),
    ...(spendLimit ? [] : [`policy-drift#${SPEND_DRIFT}`]),
    ...(models ? [] : ['model-drift']),
    ...(models && prices ? [] : ['unknown-price']),
    ...(prices ? [] : ['price-drift']),
    ...uncheckedWorkspaces.map((id) => `unowned-object#${id}`),
  ];
}

/** Tells which findings may still hold although the audit did not find them. */
export function undecidedBy(coverage: Coverage): (finding: Finding) => boolean {
  const { models, unclearSecrets } = coverage;
  const ofAcceptance = `policy-drift#${ACCEPTANCE_DRIFT}#`;
  const unchecked = uncheckedTypes(coverage);
  const isUndecidedAcceptance = ({ evidence }: Finding) =>
    unclearSecrets.size > 0 || unchecked.has(evidence.accepts ?? '');
  if (coverage.source === 'operator') {
    return (finding) => {
      const { id, type, subject, evidence } = finding;
      if (type === 'model-drift' || type === 'unknown-price') return !models;
      if (id.startsWith(ofAcceptance)) return isUndecidedAcceptance(finding);
      const isOfSecret = evidence.secret === subject;
      return !OPERATOR_TYPES.has(type) || !isOfSecret || unclearSecrets.has(subject);
    };
  }
  const prefixes = uncheckedParts(coverage).map((part) => `${part}#`);
  return (finding) =>
    finding.id.startsWith(ofAcceptance)
      ? isUndecidedAcceptance(finding)
      : unclearSecrets.has(finding.subject) ||
        prefixes.some((prefix) => finding.id.startsWith(prefix));
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
