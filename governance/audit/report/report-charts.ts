import { type Severity, WORST_FIRST } from '../../alerts/alert.js';
import { addDays, type IsoDate, startOfDay } from '../../platform/utc-day.js';
import { FINDING_TYPES } from '../../policy/finding-types.js';
import { countAll } from '../finding.js';
import type { AuditReport } from './audit-report.js';
import { columnChart, rowChart } from './charts.js';
import { type Html, html } from './html.js';
import type { InventoryRow } from './inventory-row.js';

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const LABEL_EVERY_WEEKS = 3;

/** The audit at a glance. */
export function reportCharts(report: AuditReport): Html {
  return html`<div class="charts">${agesChart(report)}${rotationsChart(report)}${findingsChart(report)}</div>`;
}

function agesChart({ ages, rules, otherKeys }: AuditReport): Html {
  const known = ages.filter(
    (group) => group.label !== 'unknown' || group.managed + group.other > 0,
  );
  const series = [
    { name: 'managed', className: 'managed' },
    ...(otherKeys === null ? [] : [{ name: 'other', className: 'other' }]),
  ];
  const bars = known.map(({ label, managed, other }) => ({
    label,
    values: otherKeys === null ? [managed] : [managed, other],
  }));
  const title = `Keys by age in days (policy: at most ${rules.maxAgeDays})`;
  return columnChart({ id: 'ages', title, series, bars });
}

function rotationsChart({ rows, auditedOn }: AuditReport): Html {
  const weeks = rotationWeeks(rows, auditedOn);
  const plotted = weeks.filter(({ label, rotations }) => isDay(label) || rotations > 0);
  const first = plotted.findIndex(({ label }) => isDay(label));
  const bars = plotted.map(({ label, rotations }, i) => ({
    label: isDay(label) ? dayAndMonth(label) : label,
    values: [rotations],
    isLabelled: !isDay(label) || (i - first) % LABEL_EVERY_WEEKS === 0,
  }));
  const series = [{ name: 'rotations', className: 'managed' }];
  return columnChart({ id: 'rotations', title: 'Upcoming rotations by week', series, bars });
}

function findingsChart({ findings, verdicts }: AuditReport): Html {
  const open = findings.filter(({ status }) => status !== 'resolved');
  const countOf = (type: string, severity: Severity) =>
    countAll(open.filter((finding) => finding.type === type && finding.severity === severity));
  const bars = FINDING_TYPES.map((type) => ({
    label: type,
    values: WORST_FIRST.map((severity) => countOf(type, severity)),
  })).filter(({ values }) => values.some((value) => value > 0));
  if (bars.length === 0) {
    const isAll = verdicts.every(({ outcome }) => outcome !== 'not checked');
    const none = isAll ? 'No open findings.' : 'No open findings in what was checked.';
    return html`<div class="card"><p class="caption">Open findings</p><p class="${isAll ? 'good' : 'quiet'}">${none}</p></div>`;
  }
  const title = 'Open findings by type and severity';
  const series = WORST_FIRST.map((severity) => ({ name: severity, className: severity }));
  return rowChart({ id: 'findings-by-type', title, series, bars });
}

function isDay(label: string): boolean {
  return /^\d/.test(label);
}

function dayAndMonth(day: string): string {
  return `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]}`;
}

interface RotationWeek {
  /** `overdue`, the Monday it begins with, or `later`. */
  readonly label: string;
  readonly rotations: number;
}

/** A quarter and a week: every key of the default interval has its place. */
const WEEKS = 14;

/** How many keys rotate in each of the coming weeks. */
export function rotationWeeks(rows: readonly InventoryRow[], today: IsoDate): RotationWeek[] {
  const days = rows.flatMap(({ nextRotationOn }) => nextRotationOn ?? []);
  const daysSinceMonday = (startOfDay(today).getUTCDay() + 6) % 7;
  const thisMonday = addDays(today, -daysSinceMonday);
  const weeks = Array.from({ length: WEEKS }, (_, week) => addDays(thisMonday, 7 * week));
  const end = addDays(thisMonday, 7 * WEEKS);
  const countOf = (from: IsoDate, until: IsoDate) =>
    days.filter((day) => day >= from && day < until).length;
  return [
    { label: 'overdue', rotations: days.filter((day) => day < today).length },
    ...weeks.map((monday) => ({
      label: monday,
      rotations: countOf(monday < today ? today : monday, addDays(monday, 7)),
    })),
    { label: 'later', rotations: days.filter((day) => day >= end).length },
  ];
}
