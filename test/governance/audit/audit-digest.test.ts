import { describe, expect, test } from 'vitest';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import { type AuditNews, auditAlerts } from '../../../governance/audit/audit-digest.js';
import type { FindingChanges, OpenFinding } from '../../../governance/audit/reconcile-findings.js';
import { HERE, HERE_TEXT, RUNBOOK } from '../../support/alert-place.js';
import {
  aFinding,
  aListedKey,
  aManagedSecret,
  anOpenFinding,
  aRotatedKey,
  auditOf,
  CURRENT,
  DEV,
  dayAgo,
  daysAgo,
  NO_CHANGES,
  NOW,
  PENDING,
} from '../../support/audit-builders.js';

const REPORT = 's3://evidence/evidence/2026/06/2026-06-30/report.html';

const opened = (...findings: readonly OpenFinding['finding'][]): OpenFinding[] =>
  findings.map((finding) => ({ finding, openedOn: dayAgo(0), lastNotifiedOn: dayAgo(0) }));

function alertsOf(changes: Partial<FindingChanges>, news: Partial<AuditNews> = {}) {
  const all = { changes: { ...NO_CHANGES, ...changes }, at: NOW, report: REPORT, problems: [] };
  return auditAlerts({ ...all, ...news });
}

function bodiesOf(changes: Partial<FindingChanges>, news: Partial<AuditNews> = {}) {
  const [digest] = alertsOf(changes, news).alerts;
  if (!digest) throw new Error('no digest');
  const { subject, message } = renderAlert(digest, HERE);
  const {
    email = '',
    https = '',
    sms = '',
    sqs = '',
  }: Record<string, string> = JSON.parse(message);
  return { digest, subject, email, sms, chat: JSON.parse(https), machine: JSON.parse(sqs) };
}

const notebook = auditOf([
  aRotatedKey(CURRENT),
  aListedKey({ createdBy: 'alice@example.com', expiresOn: undefined }),
]);
const overdue = anOpenFinding({
  id: 'rotation-overdue#x',
  type: 'rotation-overdue',
  subject: DEV,
  summary: 'Rotation overdue: Secrets Manager planned it for 2026-06-20 02:00 UTC.',
  evidence: { secret: DEV, team: 'all developers' },
  nextStep: 'Rotate the key now',
  nextCommand: `aws secretsmanager rotate-secret --secret-id ${DEV}`,
});
const hackathon = ['unmanaged', 'never-used'] as const;
const gone = hackathon.map((type) =>
  anOpenFinding({ id: `${type}#x#k9`, type, subject: 'hackathon', evidence: { keyId: 'k9' } }),
);

test('the digest has one block for each key or secret, with all its findings and one next step', () => {
  const { subject, email } = bodiesOf({
    opened: opened(...notebook),
    stillOpen: [overdue],
    resolved: gone,
  });
  expect(subject).toBe('WARNING: 1 new unmanaged Mistral key in dev-workspace; 3 findings open');
  expect(email).toBe(`New

1. WARNING  notebook (dev-workspace, created 2026-06-20 by alice@example.com)
   - Unmanaged: created outside this system, so it is never rotated.
   - Never expires.
   Next: move its user to a managed secret, then delete key k1 in the Mistral console:
   https://console.mistral.ai/api-keys

Still open

2. WARNING  ${DEV} (dev-workspace, owner all developers)
   - Rotation overdue: Secrets Manager planned it for 2026-06-20 02:00 UTC.
   Next: rotate the key now:
   aws secretsmanager rotate-secret --region eu-west-1 --secret-id ${DEV}

Resolved

- hackathon (dev-workspace): never-used, unmanaged

Full report: aws s3 cp --region eu-west-1 ${REPORT} .
${HERE_TEXT}
Runbook: ${RUNBOOK}#audit-digest`);
});

test('chat and text message have the same blocks, and services every finding with its fields', () => {
  const { chat, sms, machine } = bodiesOf({ opened: opened(...notebook), stillOpen: [overdue] });
  expect(chat.content.description).toContain(
    '1. WARNING  notebook (dev-workspace, created 2026-06-20 by alice@example.com)\n   - Unmanaged:',
  );
  expect(chat.content.nextSteps).toEqual([
    `Full report: \`aws s3 cp --region eu-west-1 ${REPORT} .\``,
    `[Runbook](${RUNBOOK}#audit-digest)`,
  ]);
  expect(sms).toBe(
    'WARNING: 1 new unmanaged Mistral key in dev-workspace; 3 findings open. ' +
      'notebook (dev-workspace, created 2026-06-20 by alice@example.com). ' +
      `${DEV} (dev-workspace, owner all developers). 111122223333 eu-west-1 MistralGovernance. ${RUNBOOK}#audit-digest`,
  );
  expect(machine.sections).toMatchObject([
    { heading: 'New', blocks: [{ severity: 'warning', findings: notebook }], omitted: 0 },
    { heading: 'Still open', blocks: [{ findings: [{ id: overdue.finding.id }] }], omitted: 0 },
  ]);
  expect(machine.facts).toEqual({ report: REPORT });
});

test('a block with a new finding is under New, and says which one that is', () => {
  const failed = aFinding({
    ...overdue.finding,
    id: 'missing#x',
    type: 'missing',
    severity: 'critical',
    summary: 'Missing at Mistral.',
  });
  const { digest, subject } = bodiesOf({ opened: opened(failed), stillOpen: [overdue] });
  expect(subject).toBe(`CRITICAL: 1 new missing key of ${DEV}; 2 findings open`);
  expect(digest.sections).toMatchObject([
    {
      heading: 'New',
      blocks: [{ lines: ['New: Missing at Mistral.', overdue.finding.summary] }],
    },
  ]);
});

describe('the subject', () => {
  const unmanaged = (id: string, workspace: string) =>
    aFinding({ id, type: 'unmanaged', workspace, evidence: { keyId: id } });
  const critical = aFinding({
    id: 'policy-drift#spend#organization',
    type: 'policy-drift',
    severity: 'critical',
    subject: 'organization',
    workspace: 'organization',
    evidence: {},
  });

  test.each<[string, Partial<FindingChanges>, string]>([
    [
      'counts the most severe kind and where it is',
      { opened: opened(unmanaged('a', 'dev-workspace'), unmanaged('b', 'ml-workspace')) },
      'WARNING: 2 new unmanaged Mistral keys in 2 workspaces; 2 findings open',
    ],
    [
      'counts the rest',
      { opened: opened(critical, unmanaged('a', 'dev-workspace')) },
      'CRITICAL: 1 new policy difference and 1 more; 2 findings open',
    ],
    [
      'says that a known finding got more severe',
      { raised: opened(critical) },
      'CRITICAL: 1 policy difference, now critical; 1 finding open',
    ],
    [
      'is not marked by what on-call knows already',
      { resolved: gone, stillOpen: [overdue] },
      '2 findings resolved on hackathon; 1 finding open',
    ],
    [
      'names a reminder',
      { stillOpen: [overdue], isReminderDue: true },
      `WARNING: Reminder: 1 overdue rotation of ${DEV}; 1 finding open`,
    ],
  ])('%s', (_name, changes, subject) => {
    expect(bodiesOf(changes).subject).toBe(subject);
  });

  test('says that the audit was incomplete, and no problem is left out of the body', () => {
    const problems = ["Mistral's rate limit could not be read: 503"];
    const { subject, email } = bodiesOf({ opened: opened(...notebook) }, { problems });
    expect(subject).toBe(
      'WARNING: 1 new unmanaged Mistral key in dev-workspace; 2 findings open; audit incomplete',
    );
    expect(email).toContain(`Problems\n\n- ${problems[0]}`);
  });

  test('says that the report could not be stored', () => {
    const news = { report: undefined, problems: ['evidence could not be stored: 403'] };
    const { subject, digest } = bodiesOf({ stillOpen: [overdue] }, news);
    expect(subject).toBe('WARNING: Key audit report could not be stored; 1 finding open');
    expect(digest.nextSteps).toEqual([]);
  });
});

test('a managed key with four findings is one block', () => {
  const secrets = new Map([
    [DEV, aManagedSecret(DEV, { stagesByVersion: { [CURRENT]: ['AWSCURRENT'] } })],
  ]);
  const findings = auditOf(
    [
      aRotatedKey(CURRENT, {
        createdAt: daysAgo(100),
        lastUsedOn: dayAgo(40),
        expiresOn: undefined,
      }),
    ],
    { secrets },
  );
  const { digest } = bodiesOf({ opened: opened(...findings), stillOpen: [overdue] });
  expect(findings).toHaveLength(3);
  expect(digest.sections?.map(({ blocks }) => blocks.map(({ lines }) => lines.length))).toEqual([
    [4],
  ]);
});

test('groups of as many keys in two workspaces are two blocks', () => {
  const group = (workspace: string) =>
    aFinding({ id: `stale#${workspace}#many`, subject: '61 keys', workspace, evidence: {} });
  const { digest } = bodiesOf({ opened: opened(group('a'), group('b')) });
  expect(digest.sections?.[0]?.blocks).toHaveLength(2);
});

test('a long digest says how many blocks it leaves out, and where they are', () => {
  const findings = Array.from({ length: 237 }, (_, i) =>
    aFinding({ id: `stale#x#${i}`, subject: `key ${i}`, evidence: { keyId: `k${i}` } }),
  );
  const { email, machine } = bodiesOf({ opened: opened(...findings) });
  expect(email).toMatch(/\n25\. WARNING .*\n.*\n\nand 212 more\n\nFull report: aws s3 cp/s);
  const { blocks, omitted } = machine.sections[0];
  expect(blocks.length + omitted).toBe(237);
  expect(machine.omitted).toBe(omitted);
});

describe('on-call', () => {
  const warning = anOpenFinding({ id: 'a' });
  const critical = anOpenFinding({ id: 'b', type: 'missing', severity: 'critical' });

  test('gets no digest where nothing changed and no reminder is due', () => {
    expect(alertsOf({ stillOpen: [warning, critical] })).toEqual({ alerts: [], notified: [] });
  });

  test('is reminded of all open findings at once', () => {
    const { alerts, notified } = alertsOf({ stillOpen: [warning, critical], isReminderDue: true });
    expect(alerts).toHaveLength(1);
    expect(notified).toEqual([
      { ...warning, lastNotifiedOn: dayAgo(0) },
      { ...critical, lastNotifiedOn: dayAgo(0) },
    ]);
  });

  test('needs no reminder soon of what a digest of the same severity has listed', () => {
    const { notified } = alertsOf({
      opened: opened(aFinding({ id: 'c' })),
      stillOpen: [warning, critical],
    });
    expect(notified).toEqual([{ ...warning, lastNotifiedOn: dayAgo(0) }]);
  });

  test('gets no digest about a key that only an operator can supply', () => {
    const need = anOpenFinding({
      id: 'key-needed#x',
      type: 'key-needed',
      subject: DEV,
      evidence: { secret: DEV, why: 'due since 2026-06-20' },
    });
    const { alerts, notified } = alertsOf({ stillOpen: [need], isReminderDue: true });
    expect(alerts.map(({ type }) => type)).toEqual(['key-needed']);
    expect(notified).toEqual([{ ...need, lastNotifiedOn: dayAgo(0) }]);
    expect(alertsOf({ resolved: [need] }).alerts).toEqual([]);
  });
});

test('a stuck rotation is one block of its secret, with the commands that release it', () => {
  const stuck = aFinding({
    ...overdue.finding,
    id: 'rotation-failed#x',
    type: 'rotation-failed',
    evidence: { secret: DEV, pendingVersion: PENDING },
  });
  const { digest } = bodiesOf({ opened: opened(stuck), stillOpen: [overdue] });
  expect(digest.sections?.map(({ blocks }) => blocks.length)).toEqual([1]);
});
