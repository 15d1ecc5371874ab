import { WORST_FIRST } from '../../alerts/alert.js';
import { type Html, type HtmlValue, html } from './html.js';
import type { InventoryRow } from './inventory-row.js';
import type { Night, StandingFinding } from './night.js';

/** More would make the page slow; the CSV beside it has them all. */
const MOST_FINDINGS = 1000;

interface Column<Row> {
  readonly title: string;
  readonly look?: 'day' | 'number' | 'key' | 'evidence';
  /** Whether it names the row. */
  readonly isHeading?: boolean;
  of(row: Row): HtmlValue;
}

export function findingsTable({ findings }: Night): Html {
  const sorted = [...findings].sort(worstFirst);
  const beyond = findings.length - MOST_FINDINGS;
  return section('findings', 'Findings', [
    findings.length === 0
      ? html`<p class="good">None: nothing is wrong.</p>`
      : table('Findings', FINDING_COLUMNS, sorted.slice(0, MOST_FINDINGS)),
    beyond > 0 ? html`<p>${beyond} more are in <a href="findings.csv">findings.csv</a>.</p>` : '',
  ]);
}

export function inventoryTables({ rows, leftOut, otherKeys }: Night): Html {
  const managed = rows.filter(({ secret }) => secret !== null);
  const others = rows.filter(({ secret }) => secret === null);
  const beyond = html`<p>${leftOut} younger keys are not listed here; charts and counts include them.</p>`;
  return html`${section('managed', 'Managed keys', [
    managed.length === 0 ? html`<p>None.</p>` : table('Managed keys', INVENTORY_COLUMNS, managed),
  ])}${section('others', 'Other keys at Mistral', [
    otherKeys === null ? NOT_LISTED : othersTable(others),
    leftOut > 0 ? beyond : '',
  ])}`;
}

const NOT_LISTED = html`<p>Not known: without the Admin API, Mistral's console alone lists them. Replaced keys that wait for their deletion are among them.</p>`;

function othersTable(others: readonly InventoryRow[]): Html {
  return others.length === 0
    ? html`<p class="good">None: every key is a managed one.</p>`
    : table('Other keys at Mistral', INVENTORY_COLUMNS, others);
}

const FINDING_COLUMNS: readonly Column<StandingFinding>[] = [
  {
    title: 'Severity',
    of: ({ severity, standing }) =>
      badge(standing === 'resolved' ? 'resolved' : severity, severity),
  },
  { title: 'Type', isHeading: true, of: ({ type }) => type },
  { title: 'Subject', of: ({ subject }) => subject },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  { title: 'Standing', of: ({ standing }) => standing },
  { title: 'Since', look: 'day', of: ({ since }) => since },
  {
    title: 'Evidence and next step',
    look: 'evidence',
    of: (finding) => (finding.standing === 'resolved' ? '' : evidenceOf(finding)),
  },
];

const INVENTORY_COLUMNS: readonly Column<InventoryRow>[] = [
  {
    title: 'Key',
    isHeading: true,
    look: 'key',
    of: ({ secret, key, keyId }) =>
      html`${secret ?? key}${secret === null ? '' : html`<small>${key}</small>`}<small>${keyId ?? ''}</small>`,
  },
  { title: 'State', of: ({ state }) => badge(state === 'in charge' ? 'fine' : 'plain', state) },
  { title: 'Workspace', of: ({ workspace }) => workspace },
  {
    title: 'Owner',
    of: ({ team, ownerUserId }) =>
      html`${team ?? 'unknown'}${ownerUserId === null ? '' : html`<small>${ownerUserId}</small>`}`,
  },
  { title: 'Created', look: 'day', of: ({ createdOn }) => createdOn ?? 'unknown' },
  { title: 'Age', look: 'number', of: ({ ageDays }) => (ageDays === null ? '' : `${ageDays} d`) },
  { title: 'Last used', look: 'day', of: (row) => ofKey(row, row.lastUsedOn) },
  { title: 'Expires', look: 'day', of: (row) => ofKey(row, row.expiresOn) },
  { title: 'Next rotation', look: 'day', of: ({ nextRotationOn }) => nextRotationOn ?? '' },
  { title: 'Findings', of: ({ findings }) => findings.join(', ') },
];

/** Mistral's word on a key, where it has said one. */
function ofKey({ keyId, createdOn }: InventoryRow, day: string | null): string {
  if (keyId !== null) return day ?? 'never';
  return createdOn === null ? '' : 'not known';
}

function badge(look: string, text: string): Html {
  return html`<span class="badge ${look}">${text}</span>`;
}

function evidenceOf({ evidence, nextCommand }: StandingFinding): Html {
  const facts = Object.entries(evidence).map(([name, value]) => `${name}: ${value}`);
  return html`${facts.join('; ')}<code>${nextCommand}</code>`;
}

function section(id: string, heading: string, content: readonly HtmlValue[]): Html {
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${content}
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
    columns.map(({ title, look = 'text', isHeading, of }) =>
      isHeading
        ? html`<th scope="row" role="rowheader" class="${look}" data-label="${title}"><div>${of(row)}</div></th>`
        : html`<td role="cell" class="${look}" data-label="${title}"><div>${of(row)}</div></td>`,
    );
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table role="table">
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${cells(row)}</tr>\n`)}</tbody>
</table></div>`;
}

function worstFirst(one: StandingFinding, other: StandingFinding): number {
  return (
    Number(one.standing === 'resolved') - Number(other.standing === 'resolved') ||
    WORST_FIRST.indexOf(one.severity) - WORST_FIRST.indexOf(other.severity) ||
    one.type.localeCompare(other.type) ||
    one.since.localeCompare(other.since)
  );
}
