import { type Alert, type AlertSection, compareSeverity } from '../alerts/alert.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { shell } from '../platform/quoting.js';
import { utcDay } from '../platform/utc-day.js';
import { countText, listText, numberText } from '../platform/wording.js';
import type { FindingType } from '../policy/finding-types.js';
import { type Block, blocksOf, nameOf, openBlock, resolvedBlock } from './digest-blocks.js';
import { bySeverity, countAll, countOf, type Finding, nounOf } from './finding.js';
import { keyRequests } from './key-needed.js';
import { apart, areMany, manySections, type OpenFindings } from './many-findings.js';
import { type OpenRequest, requestBlock } from './open-requests.js';
import { type FindingChanges, type OpenFinding, openAfter } from './reconcile-findings.js';
import type { UnmanagedKeys } from './unmanaged-keys.js';

export interface AuditNews {
  readonly changes: FindingChanges;
  readonly unmanaged: UnmanagedKeys;
  /** They have alerts of their own: none of them makes a digest due. @default none */
  readonly requests?: readonly OpenRequest[];
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
    alerts: [...keyRequests(requests, at).map(({ alert }) => alert), ...(digest ? [digest] : [])],
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
  const { changes, unmanaged, requests = [], at, report, problems } = news;
  const { opened, raised, resolved } = changes;
  const newIds = new Set(findingsOf([...opened, ...raised]).map(({ id }) => id));
  const findings = findingsOf(openAfter(changes));
  const open = apart(findings, unmanaged);
  const isMany = areMany(open, unmanaged);
  const workspaces = new Set(
    [...reported(changes), ...findingsOf(resolved)].map(({ workspace }) => workspace),
  );
  const [workspace = ORGANIZATION] = workspaces;
  const severities = [
    ...reported(changes).map(({ severity }) => severity),
    ...(problems.length > 0 ? (['warning'] as const) : []),
  ];
  const sections = [
    ...(isMany ? manySections(open, unmanaged, newIds) : fewSections(findings, newIds)),
    { heading: 'Waiting for you', blocks: requests.map(requestBlock) },
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
      `${countText(countAll(findings), 'finding')} open`,
      ...(problems.length > 0 && report !== undefined ? ['audit incomplete'] : []),
    ].join('; '),
    description: describe(news),
    facts: Object.fromEntries([
      ...(report === undefined ? [] : [['report', report]]),
      ...problems.map((problem, index) => [`not checked ${index + 1}`, problem]),
    ]),
    sections: sections.filter(({ blocks }) => blocks.length > 0),
    nextSteps: [
      ...(report === undefined
        ? []
        : [{ say: 'Full report', command: shell`aws s3 cp ${report} .` }]),
      ...(isMany ? [ACCEPT] : []),
    ],
  };
}

const ACCEPT = {
  say: 'Accept what stays as it is for now',
  command: 'npx --no -- mistral-governance audit --accept',
};

function fewSections(findings: readonly Finding[], newIds: ReadonlySet<string>): AlertSection[] {
  const isNew = ({ id }: Finding) => newIds.has(id);
  const blocks = blocksOf(findings);
  const section = (heading: string, some: readonly Block[]) => ({
    heading,
    blocks: some.map((block) => openBlock(block, isNew)),
  });
  return [
    section(
      'New',
      blocks.filter((block) => block.some(isNew)),
    ),
    section(
      'Still open',
      blocks.filter((block) => !block.some(isNew)),
    ),
  ];
}

/** What on-call decides by: the most severe news, or that there is none. */
function headline({ changes, report }: AuditNews, open: OpenFindings): string {
  const { raised, resolved, isReminderDue } = changes;
  const news = new Set(reported({ ...changes, isReminderDue: false }));
  const leads = leadsOf(open, (finding) => news.has(finding));
  const [worst] = leads;
  if (worst) {
    const isRaised = findingsOf(raised).includes(worst);
    return isRaised ? `${mostSevere(leads)}, now ${worst.severity}` : mostSevere(leads, 'new ');
  }
  if (resolved.length > 0) {
    const names = [...new Set(findingsOf(resolved).map(nameOf))];
    const count = countAll(findingsOf(resolved));
    return `${countText(count, 'finding')} resolved on ${listText(names, 1)}`;
  }
  if (!isReminderDue || report === undefined) return 'Key audit report could not be stored';
  return `Reminder: ${mostSevere(leadsOf(open, () => true))}`;
}

/**
 * One finding for each key or secret: the most severe first, of those the kind that there is most of. That a
 * key is unmanaged explains its other findings.
 */
function leadsOf({ ofKeys, others }: OpenFindings, isMeant: (finding: Finding) => boolean) {
  const meant = ofKeys.filter(isMeant);
  const unmanaged = meant.filter(({ type }) => type === 'unmanaged');
  const keys = unmanaged.length > 0 ? unmanaged : blocksOf(meant).map(([lead]) => lead);
  const leads = [...others.flatMap((block) => block.find(isMeant) ?? []), ...keys];
  const counts = new Map<FindingType, number>();
  for (const lead of leads) counts.set(lead.type, (counts.get(lead.type) ?? 0) + countOf(lead));
  const countOfKind = ({ type }: Finding) => counts.get(type) ?? 0;
  return leads.sort(
    (one, other) =>
      compareSeverity(one.severity, other.severity) ||
      countOfKind(other) - countOfKind(one) ||
      bySeverity(one, other),
  );
}

/** `1 new unmanaged Mistral key in dev-workspace and 2 of other kinds`, of leads. */
function mostSevere(leads: readonly Finding[], prefix = ''): string {
  const [worst] = leads;
  if (!worst) return 'no finding';
  const alike = leads.filter(({ type }) => type === worst.type);
  const workspaces = new Set(alike.map(({ workspace }) => workspace));
  const place = workspaces.size > 1 ? `${workspaces.size} workspaces` : worst.workspace;
  const isOneSecret = alike.length === 1 && worst.evidence.secret !== undefined;
  const count = countAll(alike);
  const others = countAll(leads) - count;
  return [
    countText(count, `${prefix}${nounOf(worst.type)}`),
    isOneSecret ? ` of ${nameOf(worst)}` : place === ORGANIZATION ? '' : ` in ${place}`,
    others > 0 ? ` and ${countText(others, 'of another kind', 'of other kinds')}` : '',
  ].join('');
}

function describe({ changes, report, problems }: AuditNews): string {
  const { opened, raised, stillOpen, resolved } = changes;
  const isNews = opened.length + raised.length + resolved.length > 0;
  const counts = [
    [opened, 'new'],
    [raised, 'more severe'],
    [stillOpen, 'still open'],
    [resolved, 'resolved'],
  ] as const;
  const words = counts.flatMap(([some, what]) =>
    some.length > 0 ? [`${numberText(countAll(findingsOf(some)))} ${what}`] : [],
  );
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

function findingsOf(open: readonly OpenFinding[]): Finding[] {
  return open.map(({ finding }) => finding);
}
