import {
  type Currency,
  countText,
  instantText,
  moneyText,
  numberText,
  percentOf,
} from '../../governance/platform/wording.js';
import { headingText, type Style, type Tone, verdictLine } from '../terminal/style.js';
import { bar, type Cell, type Column, renderTable, right, shrinking } from '../terminal/table.js';
import { plainLine } from '../terminal/text.js';
import type { BillReplay } from './replay-bill.js';
import type { SimulatedAlert, Simulation } from './simulate.js';
import type { BudgetSpend, WindowSpend } from './spend-tally.js';

/** A simulation for people: refused requests first, then spend, alerts and rotations. */
export function simulationText(simulation: Simulation, currency: Currency, style: Style): string {
  const { period, requests, refused, wrongLines } = simulation;
  if (!period) return `no requests\n${wrongText(wrongLines)}`;
  const span = `${instantText(period.from)} to ${instantText(period.to)}`;
  const verdict = `${numberText(refused)} of ${countText(requests, 'request')} would have been refused, ${span}`;
  return [
    verdictLine(refused === 0, verdict, style),
    headingText('workspaces', style),
    totalsTable(simulation, currency, style),
    headingText('budgets', style),
    budgetsTable(simulation.budgets, currency, style),
    headingText('refused', style),
    refusalsTable(simulation, style),
    alertsAndRotations(simulation, style),
    wrongText(wrongLines),
  ].join('');
}

/** The replay of a bill for people. */
export function billText(bill: BillReplay, currency: Currency, style: Style): string {
  const { workspace, period, spentNanos, exceeded, unpriced } = bill;
  const spent = `${workspace} spent ${moneyText(spentNanos, currency)} from ${period.from} to ${period.to}`;
  return [
    verdictLine(exceeded.length === 0, spent, style),
    ...exceeded.map(
      (one) =>
        `  ${one.windowName}: requests above the budget of ${moneyText(one.budgetNanos, currency)} would have been refused (${moneyText(one.spentNanos, currency)} spent)\n`,
    ),
    ...unpriced.map(({ category, billingMetric, billingGroup }) => {
      const what = `${category} ${billingMetric} ${billingGroup}`;
      return `${plainLine(`  not counted, because the bill has no price for it: ${what}`)}\n`;
    }),
    headingText('budgets', style),
    budgetsTable(bill.budgets, currency, style),
    alertsAndRotations(bill, style),
  ].join('');
}

function alertsAndRotations(
  { alerts, rotations }: Pick<Simulation, 'alerts' | 'rotations'>,
  style: Style,
): string {
  return [
    headingText('alerts', style),
    alertsTable(alerts, style),
    headingText('rotations, if every key were new on the first day', style),
    renderTable(
      ['secret', right('every'), shrinking('on')],
      rotations.map(({ secret, rotateEveryDays, on }) => [
        secret,
        countText(rotateEveryDays, 'day'),
        on.join(', ') || 'none in this period',
      ]),
      style,
    ),
  ].join('');
}

function totalsTable({ totals }: Simulation, currency: Currency, style: Style): string {
  return renderTable(
    ['workspace', right('requests'), right('refused'), right('cut short'), right('spent')],
    totals.map(({ workspace, requests, refused, cutShort, spentNanos }) => [
      workspace,
      numberText(requests),
      { text: numberText(refused), tone: refused > 0 ? 'bad' : undefined },
      { text: numberText(cutShort), tone: cutShort > 0 ? 'warn' : undefined },
      moneyText(spentNanos, currency),
    ]),
    style,
  );
}

function budgetsTable(budgets: readonly BudgetSpend[], currency: Currency, style: Style): string {
  const columns = [
    'workspace',
    right('budget'),
    right('windows'),
    'highest in',
    right('spent'),
    right(''),
    '',
  ];
  const cells = budgets.map(({ workspace, window, budgetNanos, windows }): Cell[] => {
    const highest = windows.reduce(higher, { windowName: '-', spentNanos: 0 });
    const share = highest.spentNanos / budgetNanos;
    return [
      workspace,
      `${moneyText(budgetNanos, currency)} per ${window}`,
      numberText(windows.length),
      highest.windowName,
      moneyText(highest.spentNanos, currency),
      `${percentOf(highest.spentNanos, budgetNanos)} %`,
      { text: bar(share), tone: toneOf(share) },
    ];
  });
  return tableOrNone(columns, cells, style);
}

function higher(one: WindowSpend, other: WindowSpend): WindowSpend {
  return other.spentNanos > one.spentNanos ? other : one;
}

function toneOf(share: number): Tone {
  if (share >= 0.95) return 'bad';
  return share >= 0.8 ? 'warn' : 'good';
}

function refusalsTable({ refusals }: Simulation, style: Style): string {
  const columns = [
    'code',
    'workspace',
    'role',
    right('requests'),
    'first',
    'last',
    shrinking('first message'),
  ];
  const cells = refusals.map(
    ({ code, workspace = '-', role = '-', count, firstAt, lastAt, message }) => [
      code,
      workspace,
      role,
      numberText(count),
      instantText(firstAt),
      instantText(lastAt),
      message,
    ],
  );
  return tableOrNone(columns, cells, style);
}

const SEVERITY_TONES: Readonly<Record<SimulatedAlert['severity'], Tone | undefined>> = {
  critical: 'bad',
  warning: 'warn',
  info: undefined,
};

function alertsTable(alerts: readonly SimulatedAlert[], style: Style): string {
  const cells = alerts.map(({ at, severity, type, title }): Cell[] => [
    instantText(at),
    { text: severity, tone: SEVERITY_TONES[severity] },
    type,
    title,
  ]);
  return tableOrNone(['at', 'severity', 'type', shrinking('title')], cells, style);
}

function tableOrNone(columns: readonly Column[], cells: readonly Cell[][], style: Style): string {
  return cells.length === 0 ? 'none\n' : renderTable(columns, cells, style);
}

function wrongText({ count, first }: Simulation['wrongLines']): string {
  if (count === 0) return '';
  const more = count > first.length ? `  and ${numberText(count - first.length)} more\n` : '';
  const lines = first.map((line) => `  ${line}\n`).join('');
  return `\n${countText(count, 'line')} could not be read:\n${lines}${more}`;
}
