import { oneLine } from '../../governance/platform/quoting.js';
import {
  type Currency,
  countText,
  instantText,
  moneyText,
  numberText,
  percentOf,
} from '../../governance/platform/wording.js';
import type { UsageKind } from '../../governance/spend/billed-spend.js';
import { headingText, type Style, type Tone, verdictLine } from '../terminal/style.js';
import { bar, type Column, left, renderTable, right, shrinking } from '../terminal/table.js';
import type { BillReplay } from './replay-bill.js';
import type { SimulatedAlert, Simulation } from './simulate.js';
import type { WindowSpend } from './spend-tally.js';

/** A simulation for people: refused requests first, then spend, alerts and rotations. */
export function simulationText(simulation: Simulation, currency: Currency, style: Style): string {
  const { period, requests, refused, totals, refusals, wrongLines } = simulation;
  if (!period) return `no requests\n${wrongText(wrongLines)}`;
  const span = `${instantText(period.from)} to ${instantText(period.to)}`;
  const verdict = `${numberText(refused)} of ${countText(requests, 'request')} would have been refused, ${span}`;
  const counted = (count: number, tone: Tone) => ({
    text: numberText(count),
    tone: count > 0 ? tone : undefined,
  });
  return [
    verdictLine(refused === 0, verdict, style),
    headingText('workspaces', style),
    renderTable(totals, style, [
      left('workspace', ({ workspace }) => workspace),
      right('requests', (total) => numberText(total.requests)),
      right('refused', (total) => counted(total.refused, 'bad')),
      right('cut short', ({ cutShort }) => counted(cutShort, 'warn')),
      right('spent', ({ spentNanos }) => moneyText(spentNanos, currency)),
    ]),
    budgetsText(simulation, currency, style),
    headingText('refused', style),
    tableOrNone(refusals, style, [
      left('code', ({ code }) => code),
      left('workspace', ({ workspace = '-' }) => workspace),
      left('role', ({ role = '-' }) => role),
      right('requests', ({ count }) => numberText(count)),
      left('first', ({ firstAt }) => instantText(firstAt)),
      left('last', ({ lastAt }) => instantText(lastAt)),
      shrinking('first message', ({ message }) => message),
    ]),
    alertsAndRotations(simulation, style),
    wrongText(wrongLines),
  ].join('');
}

/** The replay of a bill for people. */
export function billText(bill: BillReplay, currency: Currency, style: Style): string {
  const { workspace, period, spentNanos, exceeded, unpriced, unreadable } = bill;
  const isNotCounted = (because: string) => (usage: UsageKind) => {
    const what = `${usage.category} ${usage.billingMetric} ${usage.billingGroup}`;
    return `${oneLine(`  not counted, because ${because}: ${what}`)}\n`;
  };
  const spent = `${workspace} spent ${moneyText(spentNanos, currency)} from ${period.from} to ${period.to}`;
  return [
    verdictLine(exceeded.length === 0, spent, style),
    ...exceeded.map(
      (one) =>
        `  ${one.windowName}: requests above the budget of ${moneyText(one.budgetNanos, currency)} would have been refused (${moneyText(one.spentNanos, currency)} spent)\n`,
    ),
    ...unpriced.map(isNotCounted('the bill has no price for it')),
    ...unreadable.map(isNotCounted('its amount cannot be read')),
    budgetsText(bill, currency, style),
    alertsAndRotations(bill, style),
  ].join('');
}

function budgetsText(
  { budgets }: Pick<Simulation, 'budgets'>,
  currency: Currency,
  style: Style,
): string {
  const rows = budgets.map((budget) => {
    const highest = budget.windows.reduce(higher, { windowName: '-', spentNanos: 0 });
    return { ...budget, ...highest, share: highest.spentNanos / budget.budgetNanos };
  });
  const table = tableOrNone(rows, style, [
    left('workspace', ({ workspace }) => workspace),
    right('budget', (one) => `${moneyText(one.budgetNanos, currency)} per ${one.window}`),
    right('windows', ({ windows }) => numberText(windows.length)),
    left('highest in', ({ windowName }) => windowName),
    right('spent', ({ spentNanos }) => moneyText(spentNanos, currency)),
    right('', ({ spentNanos, budgetNanos }) => `${percentOf(spentNanos, budgetNanos)} %`),
    left('', ({ share }) => ({ text: bar(share), tone: toneOf(share) })),
  ]);
  return headingText('budgets', style) + table;
}

function alertsAndRotations(
  { alerts, rotations }: Pick<Simulation, 'alerts' | 'rotations'>,
  style: Style,
): string {
  return [
    headingText('alerts', style),
    tableOrNone(alerts, style, [
      left('at', ({ at }) => instantText(at)),
      left('severity', ({ severity }) => ({ text: severity, tone: SEVERITY_TONES[severity] })),
      left('type', ({ type }) => type),
      shrinking('title', ({ title }) => title),
    ]),
    headingText('rotations, if every key were new on the first day', style),
    renderTable(rotations, style, [
      left('secret', ({ secret }) => secret),
      right('every', ({ rotateEveryDays }) => countText(rotateEveryDays, 'day')),
      shrinking('on', ({ on }) => on.join(', ') || 'none in this period'),
    ]),
  ].join('');
}

function higher(one: WindowSpend, other: WindowSpend): WindowSpend {
  return other.spentNanos > one.spentNanos ? other : one;
}

function toneOf(share: number): Tone {
  if (share >= 0.95) return 'bad';
  return share >= 0.8 ? 'warn' : 'good';
}

const SEVERITY_TONES: Readonly<Record<SimulatedAlert['severity'], Tone | undefined>> = {
  critical: 'bad',
  warning: 'warn',
  info: undefined,
};

function tableOrNone<Row>(
  rows: readonly Row[],
  style: Style,
  columns: readonly Column<Row>[],
): string {
  return rows.length === 0 ? 'none\n' : renderTable(rows, style, columns);
}

function wrongText({ count, first }: Simulation['wrongLines']): string {
  if (count === 0) return '';
  const more = count > first.length ? `  and ${numberText(count - first.length)} more\n` : '';
  const lines = first.map((line) => `  ${oneLine(line)}\n`).join('');
  return `\n${countText(count, 'line')} could not be read:\n${lines}${more}`;
}
