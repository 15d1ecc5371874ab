import { type Severity, WORST_FIRST } from '../../alerts/alert.js';
import { FINDING_TYPES } from '../finding.js';
import { type Bar, type Chart, columnChart, rowChart } from './charts.js';
import { type Html, html } from './html.js';
import type { Night } from './night.js';
import { rotationWeeks } from './rotation-weeks.js';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const LABEL_EVERY_WEEKS = 3;

/** The night at a glance. */
export function nightCharts(night: Night): Html {
  return html`<div class="charts">${agesOf(night)}${rotationsOf(night)}${findingsOf(night)}</div>`;
}

function agesOf({ ages, rules, otherKeys }: Night): Html {
  const known = ages.filter(
    (group) => group.label !== 'unknown' || group.managed + group.other > 0,
  );
  const series = [
    { name: 'managed', look: 'managed' },
    ...(otherKeys === null ? [] : [{ name: 'other', look: 'other' }]),
  ];
  const bars = known.map(({ label, managed, other }) => ({
    label,
    values: otherKeys === null ? [managed] : [managed, other],
  }));
  return columnChart(
    told({
      id: 'ages',
      title: `Keys by age in days (policy: at most ${rules.maxAgeDays})`,
      series,
      bars,
    }),
  );
}

function rotationsOf({ rows, night }: Night): Html {
  const weeks = rotationWeeks(rows, night);
  const shown = weeks.filter(({ label, rotations }) => /^\d/.test(label) || rotations > 0);
  const first = shown.findIndex(({ label }) => /^\d/.test(label));
  const bars = shown.map(({ label, rotations }, i) => {
    const isWeek = /^\d/.test(label);
    return {
      label: isWeek ? dayAndMonth(label) : label,
      values: [rotations],
      isLabelled: !isWeek || (i - first) % LABEL_EVERY_WEEKS === 0,
    };
  });
  return columnChart(
    told({
      id: 'rotations',
      title: 'Rotations to come, by week',
      series: [{ name: 'rotations', look: 'managed' }],
      bars,
    }),
  );
}

function findingsOf({ findings }: Night): Html {
  const open = findings.filter(({ standing }) => standing !== 'resolved');
  const countOf = (type: string, severity: Severity) =>
    open.filter((finding) => finding.type === type && finding.severity === severity).length;
  const bars = FINDING_TYPES.map((type) => ({
    label: type,
    values: WORST_FIRST.map((severity) => countOf(type, severity)),
  })).filter(({ values }) => values.some((value) => value > 0));
  if (bars.length === 0) {
    return html`<div class="card"><p class="caption">Open findings</p><p class="good">None: nothing is wrong.</p></div>`;
  }
  return rowChart(
    told({
      id: 'findings-by-type',
      title: 'Open findings by type and severity',
      series: WORST_FIRST.map((severity) => ({ name: severity, look: severity })),
      bars,
    }),
  );
}

function told(chart: Omit<Chart, 'description'>): Chart {
  const words = ({ label, values }: Bar) =>
    `${label}: ${values.map((value, i) => `${value} ${chart.series[i]?.name}`).join(', ')}`;
  const bars = chart.bars.filter(({ values }) => values.some((value) => value > 0));
  return { ...chart, description: bars.map(words).join('; ') || 'nothing' };
}

function dayAndMonth(day: string): string {
  return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]}`;
}
