import {
  type Audit,
  type AuditFacts,
  type AuditView,
  createAudit,
} from '../../governance/audit/audit.js';
import type { Finding } from '../../governance/audit/finding.js';
import type { FindingChanges, OpenFinding } from '../../governance/audit/reconcile-findings.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { aPolicy } from './builders.js';

/** The time of the audit in tests. */
export const NOW = new Date('2026-06-30T02:00:00Z');
export const DEV = 'mistral/dev-workspace/dev-team-key';
export const DEV_ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
export const ML_ID = '6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a02';

export const CURRENT = 'aaaaaaaa-0000-4000-8000-000000000001';
export const PENDING = 'bbbbbbbb-0000-4000-8000-000000000002';
export const PREVIOUS = 'cccccccc-0000-4000-8000-000000000003';

export function daysAgo(days: number, now = NOW): Date {
  return new Date(now.getTime() - days * 86_400_000);
}

export function dayAgo(days: number): string {
  return daysAgo(days).toISOString().slice(0, 10);
}

/** A key that a user created in the console, in use and otherwise without findings. */
export function aListedKey(change: Partial<ListedKey> = {}): ListedKey {
  return {
    id: 'k1',
    name: 'notebook',
    workspaceId: DEV_ID,
    workspaceName: 'dev-workspace',
    createdAt: daysAgo(10),
    expiresOn: dayAgo(-60),
    lastUsedOn: dayAgo(0),
    ...change,
  };
}

/** The dev team's key from the rotation with this version. */
export function aRotatedKey(versionId: string, change: Partial<ListedKey> = {}): ListedKey {
  const name = `dev-team-key-20260620-${versionId.slice(0, 8)}`;
  return aListedKey({ id: `of-${versionId.slice(0, 8)}`, name, ...change });
}

/** A managed secret with one key, without findings. */
export function aManagedSecret(name: string, change: Partial<SecretState> = {}): SecretState {
  return {
    arn: `arn:${name}`,
    name,
    rotationEnabled: true,
    stagesByVersion: { [CURRENT]: ['AWSCURRENT'] },
    createdAt: daysAgo(100),
    lastRotatedAt: daysAgo(10),
    nextRotationAt: daysAgo(-80),
    ...change,
  };
}

/** Audits only the dev team's secret, with any keys. */
export function auditOf(
  keys: readonly ListedKey[],
  facts: Partial<AuditFacts> = {},
  view: Partial<AuditView> = {},
): Finding[] {
  return audited(keys, facts).findings({ complete: true, changing: new Set(), ...view });
}

export function audited(keys: readonly ListedKey[], facts: Partial<AuditFacts> = {}): Audit {
  const policy = aPolicy();
  const audit = createAudit(
    {
      planned: plannedKeys(policy),
      secrets: new Map([[DEV, aManagedSecret(DEV)]]),
      retiring: { has: () => false },
      workspaces: new Map(policy.workspaces.map((workspace) => [workspace.id, workspace])),
      ...facts,
    },
    policy.audit,
    NOW,
  );
  for (const key of keys) audit.check(key);
  return audit;
}

export const NO_CHANGES: FindingChanges = {
  opened: [],
  raised: [],
  stillOpen: [],
  split: [],
  dropped: [],
  resolved: [],
  isReminderDue: false,
};

/** Found ten days before, and on-call was notified of it on this day. */
export function anOpenFinding(
  change: Partial<Finding> = {},
  lastNotifiedOn = dayAgo(1),
): OpenFinding {
  return { finding: aFinding(change), openedOn: dayAgo(10), lastNotifiedOn };
}

export function aFinding(change: Partial<Finding> = {}): Finding {
  return {
    id: `stale#${DEV_ID}#k1`,
    type: 'stale',
    severity: 'warning',
    subject: 'notebook',
    workspace: 'dev-workspace',
    summary: 'Unused since 2026-05-02.',
    evidence: { keyId: 'k1' },
    since: '2026-06-01',
    nextStep: 'Delete it',
    nextCommand: 'https://console.mistral.ai/api-keys',
    ...change,
  };
}
