import * as z from 'zod';
import type { Severity } from '../alerts/alert.js';

export const FINDING_TYPES = [
  'stale',
  'never-used',
  'over-age',
  'expiring',
  'expired',
  'no-expiry',
  'unmanaged',
  'orphaned',
  'missing',
  'wrong-workspace',
  'rotation-overdue',
  'rotation-failed',
  'policy-drift',
  'model-drift',
  'key-needed',
] as const;

export type FindingType = (typeof FINDING_TYPES)[number];

/** Critical is what refuses a service's requests or puts its spend on another team. */
const SEVERITIES: Readonly<Record<FindingType, Severity>> = {
  stale: 'warning',
  'never-used': 'info',
  'over-age': 'warning',
  expiring: 'warning',
  expired: 'critical', // info for a key that no secret of ours holds
  'no-expiry': 'info',
  unmanaged: 'warning',
  orphaned: 'warning',
  missing: 'critical',
  'wrong-workspace': 'critical',
  'rotation-overdue': 'warning',
  'rotation-failed': 'warning',
  'policy-drift': 'warning',
  'model-drift': 'warning',
  'key-needed': 'warning', // critical once the key in charge is about to expire
};

export const FindingSchema = z.object({
  /** The same fact has the same id tomorrow. */
  id: z.string().min(1),
  type: z.enum(FINDING_TYPES),
  severity: z.enum(['info', 'warning', 'critical']),
  /** A secret's, key's, workspace's or model's name. */
  subject: z.string(),
  workspace: z.string(),
  evidence: z.record(z.string(), z.string()),
  /** The day it became so, or was first seen to be. */
  since: z.iso.date(),
  nextCommand: z.string(),
});

export type Finding = Readonly<z.infer<typeof FindingSchema>>;

export function severityOf(type: FindingType, isManaged: boolean): Severity {
  return type === 'expired' && !isManaged ? 'info' : SEVERITIES[type];
}

const ID_SEPARATOR = '#';

/** `scope` is a workspace's id, or what tells findings of one type apart. */
export function findingId(type: FindingType, scope: string, subject: string): string {
  return [type, scope, subject].join(ID_SEPARATOR);
}

/** The id of the one finding that stands for this one and its like, where there are too many. */
export function groupOf(finding: Finding): string {
  const [, scope = ''] = finding.id.split(ID_SEPARATOR);
  return findingId(finding.type, scope, 'many');
}
