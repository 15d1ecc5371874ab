import { type Html, html } from './html.js';

export interface Chart {
  /** Unique on its page, for references within it. */
  readonly id: string;
  readonly title: string;
  readonly series: readonly Series[];
  readonly bars: readonly Bar[];
}

interface Series {
  readonly name: string;
  /** A class of the page's style, which gives it its colour. */
  readonly className: string;
}

interface Bar {
  readonly label: string;
  /** One for each series, piled up. */
  readonly values: readonly number[];
  /** @default true */
  readonly isLabelled?: boolean;
}

// In units of the view box, which is about as wide as the screen of a phone.
const WIDTH = 360;
const MARGIN = 8; // for labels wider than their bar
const HEIGHT = 210;
const TOP = 18;
const FOOT = 24;
const ROW = 24;
const NAMES = 112;
const COUNTS = 40;
const SHARE = 0.72; // how much of its place a bar fills

/** Bars that stand side by side, for what has an order. */
export function columnChart(chart: Chart): Html {
  const highest = Math.max(1, ...chart.bars.map(sumOf));
  const place = WIDTH / chart.bars.length;
  const room = HEIGHT - TOP - FOOT;
  const bars = chart.bars.map((bar, i) => {
    const middle = place * (i + 0.5);
    const left = middle - (place * SHARE) / 2;
    let bottom = HEIGHT - FOOT;
    const pieces = bar.values.map((value, s) => {
      const height = (value / highest) * room;
      bottom -= height;
      return rect(chart.series[s], left, bottom, place * SHARE, height);
    });
    const sum = sumOf(bar);
    return html`<g><title>${tooltip(chart, bar)}</title>${pieces}${
      sum === 0 ? '' : text('count', middle, bottom - 4, String(sum))
    }${bar.isLabelled === false ? '' : text('label', middle, HEIGHT - 7, bar.label)}</g>`;
  });
  const axis = html`<line class="axis" x1="0" x2="${WIDTH}" y1="${HEIGHT - FOOT}" y2="${HEIGHT - FOOT}"/>`;
  return figure(chart, HEIGHT, html`${bars}${axis}`);
}

/** Bars one below the other, for what has names. */
export function rowChart(chart: Chart): Html {
  const longest = Math.max(1, ...chart.bars.map(sumOf));
  const room = WIDTH - NAMES - COUNTS;
  const bars = chart.bars.map((bar, i) => {
    const middle = ROW * (i + 0.5);
    let left = NAMES;
    const pieces = bar.values.map((value, s) => {
      const width = (value / longest) * room;
      left += width;
      return rect(chart.series[s], left - width, middle - (ROW * SHARE) / 2, width, ROW * SHARE);
    });
    return html`<g><title>${tooltip(chart, bar)}</title>${text('name', NAMES - 8, middle + 4, bar.label)}${pieces}${text('beside', left + 5, middle + 4, String(sumOf(bar)))}</g>`;
  });
  return figure(chart, ROW * chart.bars.length, html`${bars}`);
}

function figure(chart: Chart, height: number, inside: Html): Html {
  const { id, title, series } = chart;
  const legend = series.map(
    ({ name, className }) =>
      html`<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="${className}" width="10" height="10" rx="2"/></svg>${name}</li>`,
  );
  return html`<figure class="card">
<figcaption>${title}</figcaption>
<svg class="chart" viewBox="${-MARGIN} 0 ${WIDTH + 2 * MARGIN} ${height}" role="img" aria-labelledby="${id}-title ${id}-description"><title id="${id}-title">${title}</title><desc id="${id}-description">${describe(chart)}</desc>${inside}</svg>
${series.length > 1 ? html`<ul class="legend">${legend}</ul>` : ''}
</figure>`;
}

function rect(
  series: Series | undefined,
  x: number,
  y: number,
  width: number,
  height: number,
): Html {
  if (width <= 0 || height <= 0) return html``;
  return html`<rect class="${series?.className ?? ''}" x="${exact(x)}" y="${exact(y)}" width="${exact(width)}" height="${exact(height)}"/>`;
}

function text(className: string, x: number, y: number, content: string): Html {
  return html`<text class="${className}" x="${exact(x)}" y="${exact(y)}">${content}</text>`;
}

/** What the picture shows, for those who do not see it. */
function describe({ series, bars }: Chart): string {
  const shown = bars.filter((bar) => bar.values.some((value) => value > 0));
  return shown.map((bar) => barText(series, bar)).join('; ') || 'nothing';
}

function tooltip({ series }: Chart, bar: Bar): string {
  return series.length > 1 ? barText(series, bar) : `${bar.label}: ${bar.values.join(', ')}`;
}

function barText(series: readonly Series[], { label, values }: Bar): string {
  return `${label}: ${values.map((value, i) => `${value} ${series[i]?.name}`).join(', ')}`;
}

function sumOf({ values }: Bar): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function exact(units: number): string {
  return String(Math.round(units * 10) / 10);
}
