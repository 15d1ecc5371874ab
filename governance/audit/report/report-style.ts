import { FINDING_TYPES } from '../../policy/finding-types.js';
import { html } from './html.js';

/** Every token by which a table can be filtered. */
const TOKENS = [
  ...FINDING_TYPES,
  'no-finding',
  ...['critical', 'warning', 'info', 'resolved'],
  ...['first-key', 'rotated', 'revoked', 'rolled-back', 'rotation-failed'],
];

/**
 * Without a script: the chosen input hides rows, and groups that have none of its rows. By siblings, since
 * browsers take minutes for `:has()` over hundreds of rows.
 */
const FILTERED = [...new Set(TOKENS)]
  .map((token) => {
    const hidden = `input[value=${token}]:checked ~ .scroll [data-is]:not([data-is~=${token}])`;
    return `${hidden} { display: none; }`;
  })
  .join('\n');

/** The page's one style: a browser that heeds the page's policy takes no other. */
export const STYLE = html`<style>
:root { color-scheme: light dark; --ink: #1c2330; --quiet: #5a6475; --paper: #f5f6f8; --card: #ffffff; --line: #d9dee6; --link: #1f5fbf; --managed: #2f6fd0; --other: #7f8ba0; --critical: #c62a2f; --warning: #985a00; --amber: #cf7f00; --info: #3d6b93; --fine: #1f7a45; --on-colour: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ef; --quiet: #a3adbd; --paper: #12161d; --card: #1a2029; --line: #323b49; --link: #8ab4f8; --managed: #5b93ea; --other: #6c7789; --critical: #f2777b; --warning: #eda742; --amber: #eda742; --info: #86b3d9; --fine: #63c28a; --on-colour: #12161d; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main, header, footer { max-width: 1280px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 36px 0 10px; font-size: 1.2rem; }
p { margin: 6px 0; }
a { color: var(--link); }
.quiet, small { color: var(--quiet); }
small { display: block; font-weight: 400; overflow-wrap: anywhere; }
.banner { margin: 16px 0 0; padding: 10px 16px; background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--warning); border-radius: 8px; }
.banner ul { margin: 4px 0; padding-left: 20px; overflow-wrap: anywhere; }
.about { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 210px), 1fr)); gap: 6px 24px; margin: 12px 0 0; }
.about dt { font-size: 0.78rem; color: var(--quiet); }
.about dd { margin: 0; overflow-wrap: anywhere; }
.arn { overflow-wrap: anywhere; display: block; }
input { position: absolute; opacity: 0; width: 1px; height: 1px; }
label { display: inline-block; margin: 0 6px 8px 0; padding: 2px 10px; border: 1px solid var(--line); border-radius: 999px; background: var(--card); font-size: 0.82rem; cursor: pointer; }
label b { font-variant-numeric: tabular-nums; }
input:checked + label { background: var(--link); border-color: var(--link); color: var(--on-colour); }
input:focus-visible + label { outline: 2px solid var(--link); outline-offset: 2px; }
.index { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 10px; padding: 0; list-style: none; font-size: 0.86rem; color: var(--quiet); }
tr.group th { background: var(--paper); font-size: 0.92rem; }
tr.group small { display: inline; margin-left: 8px; }
${FILTERED}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 20px 0; padding: 0; list-style: none; }
.tiles li, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tiles li { padding: 12px 16px; }
.tiles strong { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.charts { margin-top: 24px; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 16px; align-items: stretch; }
.card { margin: 0; padding: 14px 16px; }
figcaption, .caption { font-weight: 600; margin: 0 0 8px; }
.good { color: var(--fine); }
.chart { display: block; width: 100%; height: auto; }
.chart text { font-size: 11px; fill: var(--quiet); }
.chart .count, .chart .label { text-anchor: middle; }
.chart .name { text-anchor: end; fill: var(--ink); }
.chart .count, .chart .beside { fill: var(--ink); }
.axis { stroke: var(--line); }
rect.managed { fill: var(--managed); }
rect.other { fill: var(--other); }
rect.critical { fill: var(--critical); }
rect.warning { fill: var(--amber); }
rect.info { fill: var(--info); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 10px 0 0; padding: 0; list-style: none; font-size: 0.85rem; color: var(--quiet); }
.swatch { width: 10px; height: 10px; margin-right: 6px; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { width: 100%; border-collapse: collapse; font-size: 0.86rem; }
th, td { padding: 8px 12px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--quiet); white-space: nowrap; }
tbody th { min-width: 8.5em; font-weight: 600; overflow-wrap: anywhere; }
td { min-width: 8.5em; overflow-wrap: anywhere; }
tbody th.key { min-width: 18em; }
.evidence { min-width: 22em; }
.narrow { min-width: 0; white-space: nowrap; }
.day, .number { min-width: 0; white-space: nowrap; font-variant-numeric: tabular-nums; }
.number { text-align: right; }
.badge { display: inline-block; padding: 0 8px; border: 1px solid var(--line); border-radius: 999px; font-size: 0.8rem; white-space: nowrap; }
.badge.critical { background: var(--critical); border-color: var(--critical); color: var(--on-colour); }
.badge.warning { border-color: var(--warning); color: var(--warning); }
.badge.info { border-color: var(--info); color: var(--info); }
.badge.fine { border-color: var(--fine); color: var(--fine); }
.badge.resolved { text-decoration: line-through; color: var(--quiet); }
code { display: block; margin-top: 4px; padding: 4px 8px; background: var(--paper); border-radius: 6px; font: 0.8rem/1.45 ui-monospace, 'Cascadia Mono', Menlo, Consolas, monospace; overflow-wrap: anywhere; }
footer { margin-top: 36px; padding-bottom: 40px; font-size: 0.86rem; color: var(--quiet); }
@media screen and (max-width: 700px) {
  main, header, footer { padding: 0 14px; }
  table, tbody, tr { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { padding: 10px 14px; border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; }
  tbody th, tbody th.key, td, .evidence { display: flex; gap: 10px; min-width: 0; padding: 2px 0; border: 0; text-align: left; white-space: normal; }
  tbody th::before, td::before { content: attr(data-label); flex: 0 0 6.5em; color: var(--quiet); font-weight: 400; }
  .number { text-align: left; }
  tbody th > div, td > div { min-width: 0; flex: 1; }
  td.empty { display: none; }
  tr.group th::before { content: none; }
  tr.group small { display: block; margin-left: 0; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: light; --ink: #000000; --quiet: #444444; --paper: #ffffff; --card: #ffffff; --line: #bbbbbb; }
  html { font-size: 11px; }
  body { font-size: 11px; }
  h2 { break-after: avoid; }
  main, header, footer { max-width: none; padding: 0; }
  .scroll { overflow: visible; border: 0; }
  label, .index { display: none; }
  .charts { grid-template-columns: repeat(3, 1fr); }
  .card, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  th, td { padding: 4px 6px; }
  tbody th, tbody th.key, td, .evidence { min-width: 0; }
  tbody th.text { min-width: 8.5em; }
  rect, .badge { print-color-adjust: exact; }
}
</style>`;

/** SHA-256 of what stands between the tags of `STYLE`; a test names the right one. */
export const STYLE_HASH = 'sha256-1l3U5DAta4OIDoOVQzdYGuzn09g6GKIoQC624NmRdZ0=';
