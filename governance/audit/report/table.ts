import { countText, numberText } from '../../platform/wording.js';
import { type Html, type HtmlValue, html } from './html.js';

export interface Column<Row> {
  readonly title: string;
  readonly className?: 'day' | 'number' | 'key' | 'evidence' | 'narrow';
  /** Whether it names the row. */
  readonly isHeading?: boolean;
  of(row: Row): HtmlValue;
}

export interface Section<Row> {
  /** Unique on the page. */
  readonly id: string;
  readonly heading: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** What stands in place of the table where it has no row. */
  readonly none: Html;
  readonly note?: HtmlValue;
  /** Rows of one name stand together, below it. */
  readonly groupOf?: (row: Row) => string;
  /** Said beside the name of a group. */
  readonly aboutGroup?: (rows: readonly Row[]) => HtmlValue;
  /** What a reader can choose to see alone: tokens that the page's style knows. */
  readonly tokensOf?: (row: Row) => readonly string[];
}

/** Fewer rows are seen at once. */
const WORTH_A_FILTER = 12;

/** A heading with its table, filtered and grouped by the page's style alone: nothing runs on it. */
export function section<Row>(given: Section<Row>): Html {
  const { id, heading, rows, none, note = '' } = given;
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${heading}</h2>
${rows.length === 0 ? none : html`${filterOf(given)}${indexOf(given)}${table(given)}`}${note}
</section>
`;
}

function filterOf<Row>({ id, rows, tokensOf }: Section<Row>): Html {
  if (!tokensOf || rows.length < WORTH_A_FILTER) return html``;
  const counts = new Map<string, number>();
  for (const token of rows.flatMap(tokensOf)) counts.set(token, (counts.get(token) ?? 0) + 1);
  const chip = (token: string, words: string, count: number, isChecked = false) => {
    const chosen = isChecked ? html` checked` : '';
    return html`<input type="radio" name="${id}-filter" id="${id}-${token}" value="${token}"${chosen}><label for="${id}-${token}">${words} <b>${numberText(count)}</b></label>`;
  };
  const chips = [...counts].map(([token, count]) => chip(token, token.replaceAll('-', ' '), count));
  if (chips.length === 0) return html``;
  // Beside the table, which they hide rows of.
  return html`${chip('all', 'all', rows.length, true)}${chips}
`;
}

function groupsOf<Row>({ rows, groupOf }: Section<Row>): readonly (readonly [string, Row[]])[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = groupOf?.(row) ?? '';
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups];
}

/** Where the groups are, for who looks for one among hundreds of rows. */
function indexOf<Row>(given: Section<Row>): Html {
  const groups = groupsOf(given);
  if (groups.length < 2 || given.rows.length < WORTH_A_FILTER) return html``;
  const links = groups.map(
    ([name, { length }], at) =>
      html`<li><a href="#${given.id}-${at}">${name}</a> ${numberText(length)}</li>`,
  );
  return html`<ul class="index" aria-label="Groups of ${given.heading.toLowerCase()}">${links}</ul>
`;
}

/**
 * Where the screen is narrow, rows become cards: the roles tell readers of the page that it is a
 * table all the same. Between the two widths it scrolls by itself, also for who uses a keyboard.
 */
function table<Row>(given: Section<Row>): Html {
  const { heading, columns, aboutGroup, tokensOf } = given;
  const head = columns.map(({ title }) => html`<th scope="col" role="columnheader">${title}</th>`);
  const cells = (row: Row) =>
    columns.map(({ title, className = 'text', isHeading, of }) => {
      const value = of(row);
      const classes = value === '' ? `${className} empty` : className;
      return isHeading
        ? html`<th scope="row" role="rowheader" class="${classes}" data-label="${title}"><div>${value}</div></th>`
        : html`<td role="cell" class="${classes}" data-label="${title}"><div>${value}</div></td>`;
    });
  const is = (rows: readonly Row[]) =>
    tokensOf ? html` data-is="${[...new Set(rows.flatMap(tokensOf))].join(' ')}"` : '';
  const line = (row: Row) => html`<tr role="row"${is([row])}>${cells(row)}</tr>\n`;
  const groups = groupsOf(given);
  const title = (name: string, rows: readonly Row[], at: number) =>
    given.groupOf
      ? html`<tr role="row" class="group" id="${given.id}-${at}"><th scope="rowgroup" role="rowheader" colspan="${columns.length}"><div>${name} <small>${countText(rows.length, 'row')}${aboutGroup?.(rows) ?? ''}</small></div></th></tr>\n`
      : '';
  const bodies = groups.map(
    ([name, rows], at) =>
      html`<tbody role="rowgroup"${is(rows)}>\n${title(name, rows, at)}${rows.map(line)}</tbody>\n`,
  );
  return html`<div class="scroll" role="region" aria-label="${heading}" tabindex="0"><table role="table">
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
${bodies}</table></div>`;
}
