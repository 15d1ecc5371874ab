import { countText, instantText } from '../../platform/wording.js';
import type { AcceptedFinding } from '../acceptances.js';
import { bySeverity } from '../finding.js';
import { type AuditReport, evidenceText, type ReportedFinding } from './audit-report.js';
import { type Html, type HtmlValue, html } from './html.js';
import type { InventoryRow } from './inventory-row.js';
import type { Verdict } from './judge-rule.js';
import type { ReportedEvent } from './report-events.js';
import { type Column, section } from './table.js';

/** More would make the page slow; the CSV beside it has them all. */
const MOST_FINDINGS = 1000;

export function verdictsTable({ verdicts }: AuditReport): Html {
  const rows = verdicts;
  return section({ id: 'verdicts', heading: 'Verdicts', columns: VERDICTS, rows, none: html`` });
}

export function findingsTable({ findings, verdicts }: AuditReport): Html {
  const sorted = [...findings].sort(openFirst);
  const beyond = findings.length - MOST_FINDINGS;
  const more = html`<p>${countText(beyond, 'more finding')} in <a href="findings.csv">findings.csv</a>.</p>`;
  const unchecked = verdicts.filter(({ outcome }) => outcome === 'not checked').length;
  return section({
    id: 'findings',
    heading: 'Findings',
    columns: FINDINGS,
    rows: sorted.slice(0, MOST_FINDINGS),
    none:
      unchecked === 0
        ? html`<p class="good">No findings: every rule was checked.</p>`
        : html`<p>No findings in what was checked. ${countText(unchecked, 'rule was', 'rules were')} not checked: see the verdicts.</p>`,
    note: beyond > 0 ? more : '',
    tokensOf: ({ severity, status }) => [status === 'resolved' ? 'resolved' : severity],
  });
}

/** Nothing where the policy accepts nothing. */
export function acceptedTable({ accepted, acceptedLeftOut }: AuditReport): Html {
  if (accepted.length === 0) return html``;
  const more = html`<p>Not listed here: ${countText(acceptedLeftOut, 'more accepted finding')}.</p>`;
  return section({
    id: 'accepted',
    heading: 'Accepted findings',
    columns: ACCEPTED,
    rows: accepted,
    none: html``,
    note: acceptedLeftOut > 0 ? more : '',
  });
}

export function historyTable({ history }: AuditReport): Html {
  const { events, leftOut, isKnown } = history;
  const [from, until] = [history.from, history.until].map((at) => instantText(new Date(at)));
  const between = html`<p class="quiet">From ${from ?? ''} to ${until ?? ''}: since the last report, less the time that an event takes to be stored.</p>`;
  const more = html`<p>Not listed here: ${countText(leftOut, 'later event')}.</p>`;
  return section({
    id: 'history',
    heading: 'Rotations and revocations',
    columns: EVENTS,
    rows: events,
    none: isKnown ? html`<p>None.</p>` : html`<p>Not known: the history could not be read.</p>`,
    note: html`${leftOut > 0 ? more : ''}${between}`,
    tokensOf: ({ event }) => [event.replaceAll(' ', '-')],
  });
}

export function inventoryTables({ rows, leftOut, otherKeys }: AuditReport): Html {
  const beyond = html`<p>Not listed here: ${countText(leftOut, 'younger key')}. Charts and counts include them.</p>`;
  const grouped = {
    groupOf: ({ workspace }: InventoryRow) => workspace,
    aboutGroup,
    tokensOf: ({ findings }: InventoryRow) =>
      findings.length === 0 ? ['no-finding'] : findings.filter((type) => type !== 'unmanaged'),
  };
  const noOthers =
    otherKeys === null ? NOT_LISTED : html`<p class="good">None: every key is managed.</p>`;
  return html`${[
    section({
      ...grouped,
      id: 'managed',
      columns: INVENTORY,
      heading: 'Managed keys',
      rows: rows.filter(({ secret }) => secret !== null).sort(byWorkspace),
      none: html`<p>None.</p>`,
    }),
    section({
      ...grouped,
      id: 'others',
      columns: INVENTORY.filter(({ title }) => title !== NEXT_ROTATION),
      heading: 'Other keys at Mistral',
      rows: rows.filter(({ secret }) => secret === null).sort(byWorkspace),
      none: noOthers,
      note: leftOut > 0 ? beyond : '',
    }),
  ]}`;
}

const NOT_LISTED = html`<p>Not known: without the Admin API, only the Mistral console lists them. They include replaced keys that wait for deletion.</p>`;

/** The order within a workspace stays. */
function byWorkspace(one: InventoryRow, other: InventoryRow): number {
  return one.workspace.localeCompare(other.workspace);
}

function aboutGroup(rows: readonly InventoryRow[]): HtmlValue {
  const [first] = rows;
  const found = rows.filter(({ findings }) => findings.length > 0).length;
  const owner = first?.team == null ? '' : ` · ${first.team}`;
  return `${owner} · ${found === 0 ? 'no findings' : `${countText(found, 'key')} with findings`}`;
}

const VERDICTS: readonly Column<Verdict>[] = [
  { title: 'Rule', isHeading: true, className: 'key', of: ({ rule }) => rule },
  { title: 'Verdict', className: 'narrow', of: ({ outcome }) => badge(OUTCOMES[outcome], outcome) },
  { title: 'Numbers', className: 'evidence', of: ({ text }) => text },
];

const OUTCOMES: Readonly<Record<Verdict['outcome'], string>> = {
  met: 'fine',
  'not met': 'warning',
  'not checked': 'plain',
};

const FINDINGS: readonly Column<ReportedFinding>[] = [
  {
    title: 'Severity',
    className: 'narrow',
    of: ({ severity, status }) => badge(status === 'resolved' ? 'resolved' : severity, severity),
  },
  { title: 'Type', isHeading: true, of: ({ type }) => type },
  { title: 'Subject', of: ({ subject }) => subject },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  { title: 'Status', className: 'narrow', of: ({ status }) => status },
  { title: 'Since', className: 'day', of: ({ since }) => since },
  { title: 'Details and next step', className: 'evidence', of: detailsOf },
];

const ACCEPTED: readonly Column<AcceptedFinding>[] = [
  { title: 'Type', isHeading: true, of: ({ type }) => type },
  { title: 'Subject', of: ({ subject }) => subject },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  { title: 'Since', className: 'day', of: ({ since }) => since },
  { title: 'Accepted until', className: 'day', of: ({ until }) => until },
  {
    title: 'Reason and details',
    className: 'evidence',
    of: (finding) =>
      html`${finding.reason}<small>${finding.summary} ${evidenceText(finding)}</small>`,
  },
];

const EVENTS: readonly Column<ReportedEvent>[] = [
  { title: 'At', className: 'day', of: ({ at }) => instantText(new Date(at)) },
  { title: 'Event', className: 'narrow', of: ({ event }) => event },
  { title: 'Secret', isHeading: true, className: 'key', of: ({ secret }) => secret },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  { title: 'Key', of: ({ key }) => key ?? '' },
  { title: 'Proof', className: 'evidence', of: ({ proof }) => proof },
];

/** Of the policy's own keys alone. */
const NEXT_ROTATION = 'Next rotation';

const INVENTORY: readonly Column<InventoryRow>[] = [
  {
    title: 'Key',
    isHeading: true,
    className: 'key',
    of: ({ secret, key, keyId }) =>
      html`${secret ?? key}${secret === null ? '' : html`<small>${key}</small>`}<small>${keyId ?? ''}</small>`,
  },
  {
    title: 'State',
    className: 'narrow',
    of: ({ state }) => badge(state === 'current' ? 'fine' : 'plain', state),
  },
  { title: 'Owner', of: ownerOf },
  { title: 'Created', className: 'day', of: ({ createdOn }) => createdOn ?? 'unknown' },
  {
    title: 'Age',
    className: 'number',
    of: ({ ageDays }) => (ageDays === null ? '' : `${ageDays} d`),
  },
  { title: 'Last used', className: 'day', of: (row) => ofKey(row, row.lastUsedOn) },
  { title: 'Expires', className: 'day', of: (row) => ofKey(row, row.expiresOn) },
  { title: NEXT_ROTATION, className: 'day', of: ({ nextRotationOn }) => nextRotationOn ?? '' },
  { title: 'Findings', of: ({ findings }) => findings.join(', ') },
];

function ownerOf({ secret, team, owner, ownerUserId, createdBy }: InventoryRow): HtmlValue {
  if (secret === null) return createdBy ?? 'unknown';
  const id = ownerUserId === null ? '' : html`<small>${ownerUserId}</small>`;
  return html`${owner ?? team ?? 'unknown'}${id}`;
}

/** A day that Mistral reports of a key. */
function ofKey({ keyId, createdOn }: InventoryRow, day: string | null): string {
  if (keyId !== null) return day ?? 'never';
  return createdOn === null ? '' : 'not known';
}

export function badge(className: string, text: string): Html {
  return html`<span class="badge ${className}">${text}</span>`;
}

function detailsOf(finding: ReportedFinding): HtmlValue {
  const { summary, status, nextStep, nextCommand } = finding;
  if (status === 'resolved') return summary;
  return html`${summary}<small>${evidenceText(finding)}</small>Next: ${nextStep}:<code>${nextCommand}</code>`;
}

function openFirst(one: ReportedFinding, other: ReportedFinding): number {
  return (
    Number(one.status === 'resolved') - Number(other.status === 'resolved') ||
    bySeverity(one, other)
  );
}
