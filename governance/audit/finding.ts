import * as z from 'zod';
import { compareSeverity, type Severity } from '../alerts/alert.js';
import { FINDING_TYPES, type FindingType } from '../policy/finding-types.js';

/** Critical: requests of a service are rejected, or its spend is on another team. The noun is what a digest counts. */
const KINDS = {
  stale: { severity: 'warning', noun: 'unused key' },
  'never-used': { severity: 'info', noun: 'never-used key' },
  'over-age': { severity: 'warning', noun: 'over-age key' },
  expiring: { severity: 'warning', noun: 'expiring key' },
  expired: { severity: 'critical', noun: 'expired key' }, // info for a key that no secret of ours holds
  'no-expiry': { severity: 'info', noun: 'non-expiring key' },
  unmanaged: { severity: 'warning', noun: 'unmanaged Mistral key' },
  orphaned: { severity: 'warning', noun: 'orphaned key' },
  missing: { severity: 'critical', noun: 'missing key' },
  'wrong-workspace': { severity: 'critical', noun: 'misplaced key' },
  'rotation-overdue': { severity: 'warning', noun: 'overdue rotation' },
  'rotation-failed': { severity: 'warning', noun: 'stuck rotation' },
  'policy-drift': { severity: 'warning', noun: 'policy difference' },
  'model-drift': { severity: 'warning', noun: 'model change' },
  'price-drift': { severity: 'warning', noun: 'price difference' },
  'unknown-price': { severity: 'warning', noun: 'model without a price' },
  'unowned-object': { severity: 'info', noun: 'workspace with unowned files' },
  'key-needed': { severity: 'warning', noun: 'key request' }, // critical once the current key is about to expire
} satisfies Readonly<Record<FindingType, { severity: Severity; noun: string }>>;

export const FindingSchema = z.object({
  /** The same fact has the same id tomorrow. */
  id: z.string().min(1),
  type: z.enum(FINDING_TYPES),
  severity: z.enum(['info', 'warning', 'critical']),
  /** A secret's, key's, workspace's or model's name. */
  subject: z.string(),
  workspace: z.string(),
  /** What is wrong, as one short sentence. */
  summary: z.string(),
  evidence: z.record(z.string(), z.string()),
  /** The day it became so, or was first seen to be. */
  since: z.iso.date(),
  /** What to do about it, for a person. */
  nextStep: z.string(),
  /** The command for that, or the address of the console where it is done. */
  nextCommand: z.string(),
});

export type Finding = Readonly<z.infer<typeof FindingSchema>>;

export function severityOf(type: FindingType): Severity {
  return KINDS[type].severity;
}

/** `unused key`: what a finding of this type is about, in the singular. */
export function nounOf(type: FindingType): string {
  return KINDS[type].noun;
}

/** The most severe first, and what needs to be done before what explains it. */
export function bySeverity(one: Finding, other: Finding): number {
  return (
    compareSeverity(one.severity, other.severity) ||
    FINDING_TYPES.indexOf(one.type) - FINDING_TYPES.indexOf(other.type) ||
    one.subject.localeCompare(other.subject)
  );
}

const ID_SEPARATOR = '#';

/** `scope` is a workspace's id, or what distinguishes findings of one type. */
export function findingId(type: FindingType, scope: string, subject: string): string {
  return [type, scope, subject].join(ID_SEPARATOR);
}

/** Stands for the subject in the id of a finding that counts many. */
export const GROUP = 'many';

/** The id of the one finding that stands for this one and its like, where there are too many. */
export function groupOf(finding: Finding): string {
  return findingId(finding.type, scopeIn(finding), GROUP);
}

/** The scope that its id has. */
export function scopeIn({ id }: Finding): string {
  return id.split(ID_SEPARATOR)[1] ?? '';
}

/** How many keys or secrets it is about. */
export function countOf(finding: Finding): number {
  const isGroup = finding.id === groupOf(finding);
  return isGroup ? Number(finding.evidence.count ?? 1) : 1;
}

/** How many findings these are, each of a group counted: the number that people see everywhere. */
export function countAll(findings: readonly Finding[]): number {
  return findings.reduce((sum, finding) => sum + countOf(finding), 0);
}

/** Where a person sees and deletes keys. */
export const KEYS_IN_CONSOLE = 'https://console.mistral.ai/api-keys';
