import { type Alert, type AlertBlock, compareSeverity } from '../alerts/alert.js';
import { groupBy } from '../platform/group-by.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { shell } from '../platform/quoting.js';
import { utcDay } from '../platform/utc-day.js';
import { countText, listText } from '../platform/wording.js';
import { bySeverity, type Finding, nounOf } from './finding.js';
import { keyNeeded } from './key-needed.js';
import { type FindingChanges, type OpenFinding, openAfter } from './reconcile-findings.js';

export interface AuditNews {
  readonly changes: FindingChanges;
  readonly at: Date;
  /** Where the report of this audit is stored; `undefined` where it could not be. */
  readonly report: string | undefined;
  /** What could not be checked or stored, in plain words. */
  readonly problems: readonly string[];
}

/** What an audit sends: a request for each key that an operator must supply, and one digest. */
export function auditAlerts(news: AuditNews) {
  const { at, report } = news;
  const { raised, stillOpen, isReminderDue } = news.changes;
  // A request goes to who can supply the key, and the rotation reports that it was supplied.
  const requests = reported(only(news.changes, ({ type }) => type === 'key-needed'));
  const changes = only(news.changes, ({ type }) => type !== 'key-needed');
  const isDigestDue =
    reported(changes).length + changes.resolved.length > 0 || report === undefined;
  const digest = isDigestDue ? auditDigest({ ...news, changes }) : undefined;
  // A subscriber to critical alerts alone does not get a digest of a lower severity.
  const listed = changes.stillOpen.filter(
    ({ finding }) => digest && compareSeverity(finding.severity, digest.severity) >= 0,
  );
  const again = isReminderDue ? stillOpen : listed;
  return {
    alerts: [...requests.map((finding) => keyNeeded(finding, at)), ...(digest ? [digest] : [])],
    /** Findings open before that on-call is notified of again by these alerts. */
    notified: [...raised, ...again.map((open) => ({ ...open, lastNotifiedOn: utcDay(at) }))],
  };
}

function only(changes: FindingChanges, isMeant: (finding: Finding) => boolean): FindingChanges {
  const meant = (some: readonly OpenFinding[]) => some.filter(({ finding }) => isMeant(finding));
  return {
    ...changes,
    opened: meant(changes.opened),
    raised: meant(changes.raised),
    stillOpen: meant(changes.stillOpen),
    resolved: meant(changes.resolved),
  };
}

/** The findings that make an alert due. */
function reported({ opened, raised, stillOpen, isReminderDue }: FindingChanges): Finding[] {
  return findingsOf([...opened, ...raised, ...(isReminderDue ? stillOpen : [])]);
}

/** The audit's one message: a block for each key or secret, what is new first, then by severity. */
function auditDigest(news: AuditNews): Alert {
  const { changes, at, report, problems } = news;
  const { opened, raised, resolved } = changes;
  const isNew = new Set(findingsOf([...opened, ...raised]));
  const open = blocksOf(findingsOf(openAfter(changes)));
  const newBlocks = open.filter((findings) => findings.some((finding) => isNew.has(finding)));
  const workspaces = new Set(
    [...reported(changes), ...findingsOf(resolved)].map(({ workspace }) => workspace),
  );
  const [workspace = ORGANIZATION] = workspaces;
  const severities = [
    ...reported(changes).map(({ severity }) => severity),
    ...(problems.length > 0 ? (['warning'] as const) : []),
  ];
  const sections = [
    { heading: 'New', blocks: newBlocks.map((block) => openBlock(block, isNew)) },
    {
      heading: 'Still open',
      blocks: open.filter((block) => !newBlocks.includes(block)).map((block) => openBlock(block)),
    },
    { heading: 'Resolved', blocks: blocksOf(findingsOf(resolved)).map(resolvedBlock) },
    { heading: 'Problems', blocks: problems.map((title) => ({ title, lines: [], data: {} })) },
  ];
  return {
    type: 'audit-digest',
    severity: severities.sort(compareSeverity)[0] ?? 'info',
    workspace: workspaces.size === 1 ? workspace : ORGANIZATION,
    threadId: 'nightly-audit',
    at,
    title: [
      headline(news, open),
      `${countText(openAfter(changes).length, 'finding')} open`,
      ...(problems.length > 0 && report !== undefined ? ['audit incomplete'] : []),
    ].join('; '),
    description: describe(news),
    facts: Object.fromEntries([
      ...(report === undefined ? [] : [['report', report]]),
      ...problems.map((problem, index) => [`not checked ${index + 1}`, problem]),
    ]),
    sections: sections.filter(({ blocks }) => blocks.length > 0),
    nextSteps:
      report === undefined ? [] : [{ say: 'Full report', command: shell`aws s3 cp ${report} .` }],
  };
}

/** What on-call decides by: the most severe news, or that there is none. */
function headline({ changes, report }: AuditNews, open: readonly Block[]): string {
  const { raised, resolved, isReminderDue } = changes;
  const news = new Set(reported({ ...changes, isReminderDue: false }));
  const leads = open.flatMap((findings) => findings.find((finding) => news.has(finding)) ?? []);
  const [worst] = leads.sort(bySeverity);
  if (worst) {
    const isRaised = findingsOf(raised).includes(worst);
    return isRaised ? `${mostSevere(leads)}, now ${worst.severity}` : mostSevere(leads, 'new ');
  }
  if (resolved.length > 0) {
    const names = [...new Set(findingsOf(resolved).map(nameOf))];
    return `${countText(resolved.length, 'finding')} resolved on ${listText(names, 1)}`;
  }
  if (!isReminderDue || report === undefined) return 'Key audit report could not be stored';
  return `Reminder: ${mostSevere(open.map(([lead]) => lead))}`;
}

/** `1 new unmanaged Mistral key in dev-workspace and 2 more`, of one finding of each block, sorted. */
function mostSevere(leads: readonly Finding[], prefix = ''): string {
  const [worst] = leads;
  if (!worst) return 'no finding';
  const alike = leads.filter(({ type }) => type === worst.type);
  const workspaces = new Set(alike.map(({ workspace }) => workspace));
  const place = workspaces.size > 1 ? `${workspaces.size} workspaces` : worst.workspace;
  const isOneSecret = alike.length === 1 && worst.evidence.secret !== undefined;
  const others = leads.length - alike.length;
  return [
    countText(alike.length, `${prefix}${nounOf(worst.type)}`),
    isOneSecret ? ` of ${nameOf(worst)}` : place === ORGANIZATION ? '' : ` in ${place}`,
    others > 0 ? ` and ${countText(others, 'more', 'more')}` : '',
  ].join('');
}

function describe({ changes, report, problems }: AuditNews): string {
  const { opened, raised, stillOpen, resolved } = changes;
  const isNews = opened.length + raised.length + resolved.length > 0;
  const counts = [
    [opened.length, 'new'],
    [raised.length, 'more severe'],
    [stillOpen.length, 'still open'],
    [resolved.length, 'resolved'],
  ] as const;
  const words = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  return [
    `Findings of the nightly key audit: ${listText(words)}.`,
    !isNews && 'Nothing changed: this lists all open findings again.',
    problems.length > 0 &&
      'The audit was incomplete: what it could not check is neither reported nor resolved.',
    report === undefined && 'Its report could not be stored.',
  ]
    .filter(Boolean)
    .join(' ');
}

/** All findings about one key or secret, the most severe first. */
type Block = readonly [Finding, ...Finding[]];

function blocksOf(findings: readonly Finding[]): Block[] {
  const blocks = groupBy(
    [...findings].sort(bySeverity),
    ({ type, workspace, subject, evidence }) =>
      evidence.secret ?? evidence.keyId ?? [type, workspace, subject].join('#'),
  );
  return [...blocks.values()];
}

function openBlock(findings: Block, isNew?: ReadonlySet<Finding>): AlertBlock {
  const [{ severity, nextStep, nextCommand }] = findings;
  const isMixed = isNew !== undefined && !findings.every((finding) => isNew.has(finding));
  return {
    severity,
    title: titleOf(findings),
    lines: findings.map((finding) =>
      isMixed && isNew.has(finding) ? `New: ${finding.summary}` : finding.summary,
    ),
    next: { say: nextStep.charAt(0).toLowerCase() + nextStep.slice(1), command: nextCommand },
    data: { findings },
  };
}

function resolvedBlock(findings: Block): AlertBlock {
  const types = findings.map(({ type }) => type).join(', ');
  return { title: `${titleOf(findings)}: ${types}`, lines: [], data: { findings } };
}

/** `old-notebook (dev-workspace, created 2026-08-16 by …)`. */
function titleOf(findings: Block): string {
  const [lead] = findings;
  const facts: Readonly<Record<string, string>> = Object.assign(
    {},
    ...findings.map(({ evidence }) => evidence),
  );
  const { team, created = 'unknown', createdBy } = facts;
  const by = team === undefined && createdBy !== undefined ? ` by ${createdBy}` : '';
  const about = [
    ...(lead.workspace === lead.subject ? [] : [lead.workspace]),
    ...(team === undefined ? [] : [`owner ${team}`]),
    ...(created === 'unknown' ? [] : [`created ${created.slice(0, 10)}${by}`]),
  ];
  return about.length === 0 ? nameOf(lead) : `${nameOf(lead)} (${about.join(', ')})`;
}

function nameOf({ evidence, subject }: Finding): string {
  return evidence.secret ?? subject;
}

function findingsOf(open: readonly OpenFinding[]): Finding[] {
  return open.map(({ finding }) => finding);
}
