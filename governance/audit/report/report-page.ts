import { WORST_FIRST } from '../../alerts/alert.js';
import { addDays } from '../../platform/utc-day.js';
import { countText, instantText } from '../../platform/wording.js';
import { countAll } from '../finding.js';
import { accessTables } from './access-tables.js';
import type { AuditReport } from './audit-report.js';
import { type Html, type HtmlValue, html } from './html.js';
import { reportCharts } from './report-charts.js';
import { STYLE, STYLE_HASH } from './report-style.js';
import {
  acceptedTable,
  findingsTable,
  historyTable,
  inventoryTables,
  verdictsTable,
} from './report-tables.js';

// The page loads nothing and runs nothing, no matter what a name on it contains.
const CONTENT_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** The report as one page that needs no other file. */
export function reportPage(report: AuditReport): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Audit report: Mistral keys on ${report.auditedOn}</title>
${STYLE}
</head>
<body>
<header>
<h1>Mistral keys on <span class="day">${report.auditedOn}</span></h1>
${identity(report)}
${notChecked(report)}
</header>
<main>
${tiles(report)}
${verdictsTable(report)}
${reportCharts(report)}
${findingsTable(report)}
${acceptedTable(report)}
${historyTable(report)}
${inventoryTables(report)}
${accessTables(report)}
</main>
<footer>
<p>The same data: <a href="inventory.json">inventory.json</a>, <a href="inventory.csv">inventory.csv</a>, <a href="findings.csv">findings.csv</a>. The manifest of this audit has the SHA-256 of these files and of this page: <code>mistral-governance audit verify --from ${report.auditedOn} --to ${report.auditedOn}</code></p>
<p>Rules: stale after ${report.rules.staleAfterDays} days without ${report.otherKeys === null ? 'a read of the secret' : 'use'}, over age after ${report.rules.maxAgeDays} days, expiring within ${report.rules.expiringWithinDays} days. Names, ids and days only: this page contains no key.</p>
</footer>
</body>
</html>
`;
  return page.markup;
}

/** Of whom, where and by what this report is. */
function identity({ deployment, mistral, auditedAt }: AuditReport): Html {
  const { account, accountAlias, region, stack, environment, product, policySha256 } = deployment;
  const source =
    mistral.keySource === 'operator'
      ? `${mistral.apiUrl}, without the Admin API: keys are supplied by operators`
      : `${mistral.apiUrl}, with the Admin API key in ${mistral.adminKeySecret}`;
  const facts: readonly (readonly [string, HtmlValue])[] = [
    ['Mistral organization', source],
    ['AWS account', accountAlias === undefined ? account : `${account} (${accountAlias})`],
    ['Region', region],
    ['Stack', stack ?? 'not known'],
    ...(environment === undefined ? [] : ([['Environment', environment]] as const)),
    ['Product', `mistral-governance ${product}`],
    ['Audited at', `${instantText(new Date(auditedAt))}; all days are in UTC`],
    ['Policy, SHA-256', html`<span class="arn">${policySha256}</span>`],
  ];
  return html`<dl class="about">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function notChecked({ complete, problems }: AuditReport): Html {
  if (complete && problems.length === 0) return html``;
  return html`<div class="banner" role="note">
<strong>${complete ? 'This audit could not check everything' : 'Mistral did not list every key: this inventory is incomplete'}</strong>
<ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul>
</div>`;
}

const SOON_DAYS = 30;

function tiles(report: AuditReport): Html {
  const open = report.findings.filter(({ status }) => status !== 'resolved');
  const soon = addDays(report.auditedOn, SOON_DAYS);
  const rotating = report.rows.filter(
    ({ nextRotationOn }) => nextRotationOn !== null && nextRotationOn <= soon,
  );
  return html`<ul class="tiles">
${keyTiles(report)}
${WORST_FIRST.map((severity) =>
  tile(countAll(open.filter((finding) => finding.severity === severity)), `${severity} finding`),
)}
${tile(rotating.length, `rotation within ${SOON_DAYS} days`, `rotations within ${SOON_DAYS} days`)}
</ul>`;
}

function keyTiles({ managedKeys, otherKeys }: AuditReport): Html {
  if (otherKeys === null) return tile(managedKeys, 'managed key');
  return html`${tile(managedKeys + otherKeys, 'key at Mistral', 'keys at Mistral')}
${tile(managedKeys, 'of them managed', 'of them managed')}`;
}

function tile(count: number, thing: string, things?: string): Html {
  const [number = '', ...words] = countText(count, thing, things).split(' ');
  return html`<li><strong>${number}</strong> ${words.join(' ')}</li>`;
}
