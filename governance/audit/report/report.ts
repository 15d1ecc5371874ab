import { WORST_FIRST } from '../../alerts/alert.js';
import { addDays } from '../../platform/utc-day.js';
import { type Html, html } from './html.js';
import type { Night } from './night.js';
import { nightCharts } from './night-charts.js';
import { STYLE, STYLE_HASH } from './report-style.js';
import { findingsTable, inventoryTables } from './report-tables.js';

// The page loads nothing and runs nothing, whatever a name on it holds.
const CONTENT_POLICY = `default-src 'none'; style-src '${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

/** The night as one page that needs nothing beside it. */
export function report(night: Night): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Mistral keys on ${night.night}</title>
${STYLE}
</head>
<body>
<header>
<h1>Mistral keys on <span class="day">${night.night}</span></h1>
<p class="quiet">Audited at ${night.auditedAt.slice(11, 16)} UTC. All days are in UTC.</p>
${notChecked(night)}
</header>
<main>
${tiles(night)}
${nightCharts(night)}
${findingsTable(night)}
${inventoryTables(night)}
</main>
<footer>
<p>The same as data: <a href="inventory.json">inventory.json</a>, <a href="inventory.csv">inventory.csv</a>, <a href="findings.csv">findings.csv</a>.</p>
<p>Rules: stale after ${night.rules.staleAfterDays} days without ${night.otherKeys === null ? 'a read of the secret' : 'use'}, over age after ${night.rules.maxAgeDays} days, expiring within ${night.rules.expiringWithinDays} days. Names, ids and days only: no key is written here.</p>
</footer>
</body>
</html>
`;
  return page.markup;
}

function notChecked({ complete, problems }: Night): Html {
  if (complete && problems.length === 0) return html``;
  return html`<div class="banner" role="note">
<strong>${complete ? 'This audit could not check everything' : 'Not every key could be listed: this inventory is incomplete'}</strong>
<ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul>
</div>`;
}

const SOON_DAYS = 30;

function tiles(night: Night): Html {
  const open = night.findings.filter(({ standing }) => standing !== 'resolved');
  const soon = addDays(night.night, SOON_DAYS);
  const rotating = night.rows.filter(
    ({ nextRotationOn }) => nextRotationOn !== null && nextRotationOn <= soon,
  );
  return html`<ul class="tiles">
${keyTiles(night)}
${WORST_FIRST.map((severity) => {
  const count = open.filter((finding) => finding.severity === severity).length;
  return tile(count, `${severity} finding${count === 1 ? '' : 's'}`);
})}
${tile(rotating.length, `to rotate within ${SOON_DAYS} days`)}
</ul>`;
}

function keyTiles({ managedKeys, otherKeys }: Night): Html {
  if (otherKeys === null) return tile(managedKeys, 'managed keys');
  return html`${tile(managedKeys + otherKeys, 'keys at Mistral')}
${tile(managedKeys, 'of them managed')}`;
}

function tile(count: number, what: string): Html {
  return html`<li><strong>${count}</strong> ${what}</li>`;
}
