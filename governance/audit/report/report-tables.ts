import { countText } from '../../platform/wording.js';
import type { AcceptedFinding } from '../acceptances.js';
import { bySeverity } from '../finding.js';
import { type AuditReport, evidenceText, type ReportedFinding } from './audit-report.js';
import { type Html, type HtmlValue, html } from './html.js';
import type { InventoryRow } from './inventory-row.js';

/** More would make the page slow; the CSV beside it has them all. */
const MOST_FINDINGS = 1000;

interface Column<Row> {
  readonly title: string;
  readonly className?: 'day' | 'number' | 'key' | 'evidence';
  /** Whether it names the row. */
  readonly isHeading?: boolean;
  of(row: Row): HtmlValue;
}

export function findingsTable({ findings }: AuditReport): Html {
  const sorted = [...findings].sort(openFirst);
  const beyond = findings.length - MOST_FINDINGS;
  const none = html`<p class="good">No findings.</p>`;
  const more = html`<p>${countText(beyond, 'more finding')} in <a href="findings.csv">findings.csv</a>.</p>`;
  const shown = sorted.slice(0, MOST_FINDINGS);
  return section('findings', 'Findings', FINDING_COLUMNS, shown, none, beyond > 0 ? more : '');
}

/** Nothing where the policy accepts nothing. */
export function acceptedTable({ accepted, acceptedLeftOut }: AuditReport): Html {
  if (accepted.length === 0) return html``;
  const more = html`<p>Not listed here: ${countText(acceptedLeftOut, 'more accepted finding')}.</p>`;
  return section(
    'accepted',
    'Accepted findings',
    ACCEPTED_COLUMNS,
    accepted,
    html``,
    acceptedLeftOut > 0 ? more : '',
  );
}

export function inventoryTables({ rows, leftOut, otherKeys }: AuditReport): Html {
  const managed = rows.filter(({ secret }) => secret !== null);
  const others = rows.filter(({ secret }) => secret === null);
  const beyond = html`<p>Not listed here: ${countText(leftOut, 'younger key')}. Charts and counts include them.</p>`;
  const noOthers =
    otherKeys === null ? NOT_LISTED : html`<p class="good">None: every key is managed.</p>`;
  const note = leftOut > 0 ? beyond : '';
  return html`${[
    section('managed', 'Managed keys', INVENTORY_COLUMNS, managed, html`<p>None.</p>`),
    section('others', 'Other keys at Mistral', INVENTORY_COLUMNS, others, noOthers, note),
  ]}`;
}

const NOT_LISTED = html`<p>Not known: without the Admin API, only the Mistral console lists them. They include replaced keys that wait for deletion.</p>`;

const FINDING_COLUMNS: readonly Column<ReportedFinding>[] = [
  {
    title: 'Severity',
    of: ({ severity, status }) => badge(status === 'resolved' ? 'resolved' : severity, severity),
  },
  { title: 'Type', isHeading: true, of: ({ type }) => type },
  { title: 'Subject', of: ({ subject }) => subject },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  { title: 'Status', of: ({ status }) => status },
  { title: 'Since', className: 'day', of: ({ since }) => since },
  {
    title: 'Details and next step',
    className: 'evidence',
    of: detailsOf,
  },
];

const ACCEPTED_COLUMNS: readonly Column<AcceptedFinding>[] = [
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

const INVENTORY_COLUMNS: readonly Column<InventoryRow>[] = [
  {
    title: 'Key',
    isHeading: true,
    className: 'key',
    of: ({ secret, key, keyId }) =>
      html`${secret ?? key}${secret === null ? '' : html`<small>${key}</small>`}<small>${keyId ?? ''}</small>`,
  },
  { title: 'State', of: ({ state }) => badge(state === 'current' ? 'fine' : 'plain', state) },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  {
    title: 'Owner',
    of: ({ team, ownerUserId }) =>
      html`${team ?? 'unknown'}${ownerUserId === null ? '' : html`<small>${ownerUserId}</small>`}`,
  },
  { title: 'Created', className: 'day', of: ({ createdOn }) => createdOn ?? 'unknown' },
  {
    title: 'Age',
    className: 'number',
    of: ({ ageDays }) => (ageDays === null ? '' : `${ageDays} d`),
  },
  { title: 'Last used', className: 'day', of: (row) => ofKey(row, row.lastUsedOn) },
  { title: 'Expires', className: 'day', of: (row) => ofKey(row, row.expiresOn) },
  { title: 'Next rotation', className: 'day', of: ({ nextRotationOn }) => nextRotationOn ?? '' },
  { title: 'Findings', of: ({ findings }) => findings.join(', ') },
];

/** A day that Mistral reports of a key. */
function ofKey({ keyId, createdOn }: InventoryRow, day: string | null): string {
  if (keyId !== null) return day ?? 'never';
  return createdOn === null ? '' : 'not known';
}

function badge(className: string, text: string): Html {
  return html`<span class="badge ${className}">${text}</span>`;
}

function detailsOf(finding: ReportedFinding): HtmlValue {
  const { summary, status, nextStep, nextCommand } = finding;
  if (status === 'resolved') return summary;
  return html`${summary}<small>${evidenceText(finding)}</small>Next: ${nextStep}:<code>${nextCommand}</code>`;
}

/** A table, or what stands in its place where it has no row. */
function section<Row>(
  id: string,
  heading: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  none: Html,
  note: HtmlValue = '',
): Html {
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${rows.length === 0 ? none : table(heading, columns, rows)}${note}
</section>
`;
}

/**
 * Where the screen is narrow, rows become cards: the roles tell readers of the page that it is a
 * table all the same. Between the two widths it scrolls by itself, also for who uses a keyboard.
 */
function table<Row>(name: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html {
  const head = columns.map(({ title }) => html`<th scope="col" role="columnheader">${title}</th>`);
  const cells = (row: Row) =>
    columns.map(({ title, className = 'text', isHeading, of }) =>
      isHeading
        ? html`<th scope="row" role="rowheader" class="${className}" data-label="${title}"><div>${of(row)}</div></th>`
        : html`<td role="cell" class="${className}" data-label="${title}"><div>${of(row)}</div></td>`,
    );
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table role="table">
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${cells(row)}</tr>\n`)}</tbody>
</table></div>`;
}

function openFirst(one: ReportedFinding, other: ReportedFinding): number {
  return (
    Number(one.status === 'resolved') - Number(other.status === 'resolved') ||
    bySeverity(one, other)
  );
}
