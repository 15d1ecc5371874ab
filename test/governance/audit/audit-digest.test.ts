import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../governance/alerts/alert.js';
import { renderAlert } from '../../../governance/alerts/render-alert.js';
import { type AuditNews, auditAlerts } from '../../../governance/audit/audit-digest.js';
import type { Finding } from '../../../governance/audit/finding.js';
import type { FindingChanges, OpenFinding } from '../../../governance/audit/reconcile-findings.js';
import { NO_UNMANAGED_KEYS } from '../../../governance/audit/unmanaged-keys.js';
import type { ListedKey } from '../../../governance/mistral/mistral.js';
import { HERE, HERE_TEXT, RUNBOOK } from '../../support/alert-place.js';
import {
  aFinding,
  aListedKey,
  aManagedSecret,
  anOpenFinding,
  aRotatedKey,
  audited,
  auditOf,
  CURRENT,
  DEV,
  dayAgo,
  daysAgo,
  NO_CHANGES,
  NOW,
  PENDING,
} from '../../support/audit-builders.js';
import { aPolicy } from '../../support/builders.js';

const REPORT = 's3://evidence/evidence/2026/06/2026-06-30/report.html';

const opened = (...findings: readonly OpenFinding['finding'][]): OpenFinding[] =>
  findings.map((finding) => ({ finding, openedOn: dayAgo(0), lastNotifiedOn: dayAgo(0) }));

function alertsOf(changes: Partial<FindingChanges>, news: Partial<AuditNews> = {}) {
  const all = {
    changes: { ...NO_CHANGES, ...changes },
    unmanaged: NO_UNMANAGED_KEYS,
    at: NOW,
    report: REPORT,
    problems: [],
  };
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
      'CRITICAL: 1 new policy difference and 1 of another kind; 2 findings open',
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

describe('a digest of more than a person reads one by one', () => {
  const WORKSPACES = aPolicy().workspaces;
  const OWNERS = ['alice@example.com', 'bob@example.com', undefined];

  /** An audit of that many keys that users created, the first of them the oldest. */
  function auditOfKeys(count: number, change: (index: number) => Partial<ListedKey> = () => ({})) {
    const audit = audited([]);
    for (let index = 0; index < count; index += 1) {
      const { id: workspaceId, name: workspaceName } = WORKSPACES[index % 3] ?? {};
      audit.check(
        aListedKey({
          id: `k${index}`,
          name: `notebook-${index}`,
          workspaceId,
          workspaceName,
          createdBy: OWNERS[(index * 7) % 3],
          createdAt: daysAgo(80 - (index % 80)),
          ...change(index),
        }),
      );
    }
    const found = audit.findings({ complete: true, changing: new Set() });
    const findings = found.filter(({ type }) => type !== 'missing');
    return { findings, unmanaged: audit.unmanaged };
  }

  const expiring = (index: number) => ({ expiresOn: index === 41 ? undefined : dayAgo(-60) });

  test('has counts by workspace and owner, the ten worst, the report, and how to accept', () => {
    const { findings, unmanaged } = auditOfKeys(300, expiring);
    expect(findings).toHaveLength(4); // three of them count a hundred keys
    const { subject, email, machine, digest } = bodiesOf(
      { opened: opened(...findings) },
      { unmanaged },
    );
    expect(subject).toBe(
      'WARNING: 300 new unmanaged Mistral keys in 3 workspaces; 301 findings open',
    );
    expect(digest.description).toBe('Findings of the nightly key audit: 301 new.');
    const [start, end] = email.split(/\n\n(?=2\. )/);
    expect(start).toBe(`Keys and secrets with findings, by workspace

- dev-workspace: 100 keys and secrets
- ml-workspace: 100 keys and secrets
- prod-workspace: 100 keys and secrets

By owner

- alice@example.com: 100 keys and secrets
- bob@example.com: 100 keys and secrets
- not known: 100 keys and secrets

New: the ten worst

1. WARNING  notebook-41 (prod-workspace, created ${dayAgo(39)})
   - Unmanaged: created outside this system, so it is never rotated.
   - Never expires.
   Next: move its user to a managed secret, then delete key k41 in the Mistral console:
   https://console.mistral.ai/api-keys`);
    expect(end).toMatch(/^2\. WARNING {2}notebook-0 .*\n10\. WARNING .*\n\nand 290 more\n\n/s);
    expect(
      email.endsWith(`Full report: aws s3 cp --region eu-west-1 ${REPORT} .
Accept what stays as it is for now: npx --no -- mistral-governance --region eu-west-1 audit --accept
${HERE_TEXT}
Runbook: ${RUNBOOK}#audit-digest`),
    ).toBe(true);
    expect(machine.sections.map(({ omitted }: { omitted: number }) => omitted)).toEqual([
      0, 0, 290,
    ]);
    expect(machine.sections[0].blocks[0]).toMatchObject({ name: 'dev-workspace', count: 100 });
  });

  test('begins with what is new, where that is little', () => {
    const { findings, unmanaged } = auditOfKeys(60);
    const isNew = ({ subject }: Finding) => subject === 'notebook-59';
    const { subject, digest } = bodiesOf(
      {
        opened: opened(...findings.filter(isNew)),
        stillOpen: findings.filter((one) => !isNew(one)).map((one) => anOpenFinding(one)),
      },
      { unmanaged },
    );
    expect(subject).toBe(
      'WARNING: 1 new unmanaged Mistral key in prod-workspace; 60 findings open',
    );
    expect(
      digest.sections?.map(({ heading, blocks, more }) => [heading, blocks.length, more]),
    ).toEqual([
      ['New', 1, undefined],
      ['Keys and secrets with findings, by workspace', 3, undefined],
      ['By owner', 3, undefined],
      ['Still open: the ten worst', 10, 49],
    ]);
  });

  test('lists secrets among the worst, the critical ones first', () => {
    const { findings, unmanaged } = auditOfKeys(60);
    const missing = aFinding({
      id: 'missing#x',
      type: 'missing',
      severity: 'critical',
      subject: DEV,
      evidence: { secret: DEV, team: 'all developers' },
    });
    const { subject, digest } = bodiesOf(
      { opened: opened(...findings, missing), stillOpen: [overdue] },
      { unmanaged },
    );
    expect(subject).toBe(`CRITICAL: 1 new missing key of ${DEV} and 60 of other kinds; 62...`);
    const [, owners, worst] = digest.sections ?? [];
    expect(owners?.blocks.at(-1)?.title).toBe('all developers: 1 key or secret');
    expect(worst?.blocks[0]?.lines).toEqual([
      'New: Unused since 2026-05-02.',
      overdue.finding.summary,
    ]);
  });

  test('of 10,000 findings fits into what SNS takes, and stays short', () => {
    const longName = (index: number) => ({
      name: `${index} ${'\u{1f5dd}'.repeat(60)}`,
      createdBy: `${index % 40}-${'x'.repeat(60)}@example.com`,
      workspaceId: `workspace ${index % 120}`,
      workspaceName: `${index % 120} ${'ß'.repeat(60)}`,
      expiresOn: undefined,
      lastUsedOn: undefined,
      createdAt: daysAgo(100),
    });
    const { findings, unmanaged } = auditOfKeys(2500, longName);
    expect(findings.length).toBe(10_000);
    const [digest] = alertsOf({ opened: opened(...findings) }, { unmanaged }).alerts;
    const { message } = renderAlert(digest as Alert, HERE);
    expect(Buffer.byteLength(message)).toBeLessThan(200_000);
    const { email } = JSON.parse(message);
    expect(email).toContain('and 110 more\n\nBy owner');
    expect(email).toContain('and 30 more\n\nNew: the ten worst');
    expect(email).toContain('\n10. WARNING');
    expect(email).toContain('and 2,490 more\n\nFull report');
    expect(email.split('\n').length).toBeLessThan(150);
  });
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
