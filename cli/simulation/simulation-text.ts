import type { Currency } from '../../governance/platform/wording.js';
import { moneyText, percentOf } from '../../governance/platform/wording.js';
import { bar } from '../terminal/bar.js';
import type { Style, Tone } from '../terminal/style.js';
import { type Cell, renderTable } from '../terminal/table.js';
import type { SimulatedAlert, Simulation } from './simulate.js';
import type { BudgetSpend, WindowSpend } from './spend-tally.js';

const BAR_COLUMNS = 20;

/** A simulation for people: what was refused, then spend, alerts and rotations. */
export function simulationText(simulation: Simulation, currency: Currency, style: Style): string {
  const { period, requests, refused, wrongLines } = simulation;
  if (!period) return `no requests\n${wrongText(wrongLines)}`;
  const mark = refused > 0 ? style.paint('✗', 'bad') : style.paint('✓', 'good');
  const span = `${minuteText(period.from)} to ${minuteText(period.to)} UTC`;
  const heading = (title: string) => `\n${style.paint(title, 'strong')}\n`;
  return [
    `${mark} ${refused} of ${requests} requests would have been refused, ${span}\n`,
    heading('workspaces'),
    totalsTable(simulation, currency, style),
    heading('budgets'),
    budgetsTable(simulation.budgets, currency, style),
    heading('refused'),
    refusalsTable(simulation, style),
    heading('alerts'),
    alertsTable(simulation.alerts, style),
    heading('rotations, had every key been new on the first day'),
    rotationsTable(simulation.rotations, style),
    wrongText(wrongLines),
  ].join('');
}

function totalsTable({ totals }: Simulation, currency: Currency, style: Style): string {
  return renderTable(
    [
      { title: 'workspace' },
      { title: 'requests', align: 'right' },
      { title: 'refused', align: 'right' },
      { title: 'cut short', align: 'right' },
      { title: 'spent', align: 'right' },
    ],
    totals.map(({ workspace, requests, refused, cutShort, spentNanos }) => [
      workspace,
      String(requests),
      { text: String(refused), tone: refused > 0 ? 'bad' : undefined },
      { text: String(cutShort), tone: cutShort > 0 ? 'warn' : undefined },
      moneyText(spentNanos, currency),
    ]),
    style,
  );
}

export function budgetsTable(
  budgets: readonly BudgetSpend[],
  currency: Currency,
  style: Style,
): string {
  if (budgets.length === 0) return 'none\n';
  return renderTable(
    [
      { title: 'workspace' },
      { title: 'budget', align: 'right' },
      { title: 'windows', align: 'right' },
      { title: 'highest in' },
      { title: 'spent', align: 'right' },
      { title: '%', align: 'right' },
      { title: '' },
    ],
    budgets.map((budget): Cell[] => {
      const { workspace, window, budgetNanos, windows } = budget;
      const highest = windows.reduce(higher, { windowName: '-', spentNanos: 0 });
      const share = highest.spentNanos / budgetNanos;
      return [
        workspace,
        `${moneyText(budgetNanos, currency)}/${window}`,
        String(windows.length),
        highest.windowName,
        moneyText(highest.spentNanos, currency),
        String(percentOf(highest.spentNanos, budgetNanos)),
        { text: bar(share, BAR_COLUMNS), tone: toneOf(share) },
      ];
    }),
    style,
  );
}

function higher(one: WindowSpend, other: WindowSpend): WindowSpend {
  return other.spentNanos > one.spentNanos ? other : one;
}

function toneOf(share: number): Tone {
  if (share >= 0.95) return 'bad';
  return share >= 0.8 ? 'warn' : 'good';
}

function refusalsTable({ refusals }: Simulation, style: Style): string {
  if (refusals.length === 0) return 'none\n';
  return renderTable(
    [
      { title: 'code' },
      { title: 'workspace' },
      { title: 'role' },
      { title: 'requests', align: 'right' },
      { title: 'first' },
      { title: 'last' },
      { title: 'the first of them', shrinks: true },
    ],
    refusals.map(({ code, workspace = '-', role = '-', count, firstAt, lastAt, message }) => [
      code,
      workspace,
      role,
      String(count),
      minuteText(firstAt),
      minuteText(lastAt),
      message,
    ]),
    style,
  );
}

const SEVERITY_TONES: Readonly<Record<SimulatedAlert['severity'], Tone | undefined>> = {
  critical: 'bad',
  warning: 'warn',
  info: undefined,
};

export function alertsTable(alerts: readonly SimulatedAlert[], style: Style): string {
  if (alerts.length === 0) return 'none\n';
  return renderTable(
    [{ title: 'at' }, { title: 'severity' }, { title: 'type' }, { title: 'title', shrinks: true }],
    alerts.map(({ at, severity, type, title }) => [
      minuteText(at),
      { text: severity, tone: SEVERITY_TONES[severity] },
      type,
      title,
    ]),
    style,
  );
}

export function rotationsTable(rotations: Simulation['rotations'], style: Style): string {
  return renderTable(
    [{ title: 'secret' }, { title: 'every', align: 'right' }, { title: 'on', shrinks: true }],
    rotations.map(({ secret, rotateEveryDays, on }) => [
      secret,
      `${rotateEveryDays} days`,
      on.join(', ') || 'not in that time',
    ]),
    style,
  );
}

function wrongText({ count, first }: Simulation['wrongLines']): string {
  if (count === 0) return '';
  const more = count > first.length ? `  and ${count - first.length} more\n` : '';
  const lines = first.map((line) => `  ${line}\n`).join('');
  return `\n${count} ${count === 1 ? 'line was' : 'lines were'} left out:\n${lines}${more}`;
}

/** `2026-11-24 09:30`, in UTC as all windows are. */
function minuteText(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}
