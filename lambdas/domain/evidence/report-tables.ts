import { WORST_FIRST } from '../alert.js';
import { type Html, type HtmlValue, html } from './html.js';
import type { InventoryRow } from './inventory-row.js';
import type { Night, StandingFinding } from './night.js';

/** More would make the page slow; the CSV beside it has them all. */
const MOST_FINDINGS = 1000;

export function findingsTable({ findings }: Night): Html {
  const sorted = [...findings].sort(worstFirst);
  const rows = sorted.slice(0, MOST_FINDINGS).map(
    (finding) => html`<tr>
<td><span class="badge ${finding.standing === 'resolved' ? 'resolved' : finding.severity}">${finding.severity}</span></td>
<th scope="row">${finding.type}</th>
<td>${finding.subject}</td>
<td>${finding.workspace}</td>
<td>${finding.standing}</td>
<td class="day">${finding.since}</td>
<td>${finding.standing === 'resolved' ? '' : evidenceOf(finding)}</td>
</tr>
`,
  );
  const beyond = findings.length - rows.length;
  return section('findings', 'Findings', [
    findings.length === 0
      ? html`<p class="good">None: nothing is wrong.</p>`
      : table(
          'Findings',
          [
            'Severity',
            'Type',
            'Subject',
            'Workspace',
            'Standing',
            'Since',
            'What shows it, and what to do',
          ],
          rows,
        ),
    beyond > 0 ? html`<p>${beyond} more are in <a href="findings.csv">findings.csv</a>.</p>` : '',
  ]);
}

export function inventoryTables(night: Night): Html {
  const managed = night.rows.filter(({ secret }) => secret !== null);
  const others = night.rows.filter(({ secret }) => secret === null);
  return html`${section('managed', 'Managed keys', [
    managed.length === 0 ? html`<p>None.</p>` : inventory('Managed keys', managed),
  ])}${section('others', 'Other keys at Mistral', [
    others.length === 0
      ? html`<p class="good">None: every key is a managed one.</p>`
      : inventory('Other keys', others),
    night.leftOut > 0
      ? html`<p>${night.leftOut} younger keys are not listed here; the charts and counts include them.</p>`
      : '',
  ])}`;
}

function inventory(name: string, rows: readonly InventoryRow[]): Html {
  return table(
    name,
    [
      'Key',
      'State',
      'Workspace',
      'Owner',
      'Created',
      'Age',
      'Last used',
      'Expires',
      'Next rotation',
      'Findings',
    ],
    rows.map(
      (row) => html`<tr>
<th scope="row">${row.secret ?? row.key}<small>${row.secret === null ? '' : row.key} ${row.keyId ?? ''}</small></th>
<td><span class="badge ${row.state === 'in charge' ? 'fine' : 'plain'}">${row.state}</span></td>
<td>${row.workspace}</td>
<td>${row.team ?? 'unknown'}<small>${row.ownerUserId ?? ''}</small></td>
<td class="day">${row.createdOn ?? 'unknown'}</td>
<td class="number">${row.ageDays === null ? '' : `${row.ageDays} d`}</td>
<td class="day">${lastUse(row)}</td>
<td class="day">${row.keyId === null ? '' : (row.expiresOn ?? 'never')}</td>
<td class="day">${row.nextRotationOn ?? ''}</td>
<td>${row.findings.join(', ')}</td>
</tr>
`,
    ),
  );
}

function lastUse({ keyId, lastUsedOn }: InventoryRow): string {
  return keyId === null ? '' : (lastUsedOn ?? 'never');
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

/** It scrolls by itself where the screen is narrow, also for those who use a keyboard. */
function table(name: string, head: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table>
<thead><tr>${head.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows}</tbody>
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
