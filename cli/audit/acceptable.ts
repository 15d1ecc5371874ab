import * as z from 'zod';
import { createAcceptances } from '../../governance/audit/acceptances.js';
import { ACCEPTANCE_DRIFT } from '../../governance/audit/coverage.js';
import { countOf, type Finding, findingId, groupOf } from '../../governance/audit/finding.js';
import type { CountedKey } from '../../governance/audit/unmanaged-keys.js';
import { toSafeLine } from '../../governance/platform/quoting.js';
import { wildcardMatcher } from '../../governance/platform/wildcard.js';
import {
  ACCEPTABLE_TYPES,
  FINDING_TYPES,
  type FindingType,
} from '../../governance/policy/finding-types.js';
import type { AuditPolicy } from '../../governance/policy/policy.js';

export const CountedKeySchema = z.object({
  keyId: z.string(),
  key: z.string(),
  workspace: z.string(),
  owner: z.string(),
  findings: z.array(z.enum(FINDING_TYPES)),
});

export interface Found {
  readonly findings: readonly Finding[];
  readonly countedTogether: readonly CountedKey[];
}

/** What the user chose; what is left out is not filtered by. */
export interface AcceptFilter {
  readonly type?: readonly string[] | undefined;
  readonly subject?: readonly string[] | undefined;
  readonly workspace?: readonly string[] | undefined;
}

/** A finding that the policy could accept, and what an entry would call it. */
export interface Candidate {
  readonly type: FindingType;
  /** For a key its id: a later key may have the same name. */
  readonly subject: string;
  readonly name: string;
  readonly workspace: string;
  readonly owner: string | undefined;
}

export interface Acceptable {
  readonly candidates: readonly Candidate[];
  /** How many are critical, or of a type that is never accepted. */
  readonly never: number;
  /** How many are counted as one of many, and not listed by name in this answer. */
  readonly unlisted: number;
}

/** Of what was found, what the filter means and the policy file does not accept already. */
export function acceptable(
  { findings, countedTogether }: Found,
  { accepted }: Pick<AuditPolicy, 'accepted'>,
  filter: AcceptFilter,
  now: Date,
): Acceptable {
  const acceptances = createAcceptances(accepted, now);
  const matchers = filter.subject?.map(wildcardMatcher);
  const isMeant = ({ type, subject, name, workspace }: Candidate) =>
    (filter.type?.includes(type) ?? true) &&
    (filter.workspace?.includes(workspace) ?? true) &&
    (matchers?.some((matches) => matches(subject) || matches(name)) ?? true);
  const isAcceptance = ({ id }: Finding) =>
    id.startsWith(findingId('policy-drift', ACCEPTANCE_DRIFT, ''));

  const groups = findings.filter((finding) => finding.id === groupOf(finding));
  const single = findings
    .filter((finding) => !groups.includes(finding) && !isAcceptance(finding))
    .map((finding) => ({ ...candidateOf(finding), isCritical: finding.severity === 'critical' }));
  const ofKeys = countedTogether.flatMap((key) => candidatesOf(key));
  const meant = [...single, ...ofKeys].filter(isMeant);
  const open = meant.filter(
    ({ type, subject, name }) => !acceptances.accepts(type, [subject, name]),
  );
  const candidates = open.filter(isAcceptable);
  const counted = groups
    .filter(({ type, workspace }) => isMeant({ type, workspace, subject: '', name: '', owner: '' }))
    .reduce((sum, finding) => sum + countOf(finding), 0);
  return {
    candidates: candidates.map(({ isCritical: _, ...candidate }) => candidate),
    never: open.length - candidates.length,
    unlisted: Math.max(0, counted - ofKeys.filter(isMeant).length),
  };
}

interface Judged extends Candidate {
  readonly isCritical: boolean;
}

function isAcceptable({ type, isCritical }: Judged): boolean {
  return !isCritical && ACCEPTABLE_TYPES.includes(type);
}

function candidateOf({ type, subject, workspace, evidence }: Finding): Omit<Judged, 'isCritical'> {
  const { secret, keyId, team, createdBy } = evidence;
  return {
    type,
    subject: (secret === undefined ? keyId : undefined) ?? subject,
    name: subject,
    workspace,
    owner: team ?? createdBy,
  };
}

function candidatesOf({ keyId, key, workspace, owner, findings }: CountedKey): readonly Judged[] {
  return findings.map((type) => ({
    type,
    subject: keyId,
    name: key,
    workspace,
    owner,
    isCritical: false,
  }));
}

/** `notebook (dev-workspace, alice@example.com)`, beside an id. */
export function noteOf({ subject, name, workspace, owner }: Candidate): string | undefined {
  if (subject === name) return undefined;
  const about = [workspace, ...(owner === undefined ? [] : [owner])].map(toSafeLine);
  return `${toSafeLine(name)} (${about.join(', ')})`;
}
