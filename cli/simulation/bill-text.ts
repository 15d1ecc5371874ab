import type { Currency } from '../../governance/platform/wording.js';
import { moneyText } from '../../governance/platform/wording.js';
import type { Style } from '../terminal/style.js';
import { plainLine } from '../terminal/text.js';
import type { BillReplay } from './replay-bill.js';
import { alertsTable, budgetsTable, rotationsTable } from './simulation-text.js';

export function billText(bill: BillReplay, currency: Currency, style: Style): string {
  const { workspace, period, spentNanos, exceeded, unpriced } = bill;
  const mark = exceeded.length > 0 ? style.paint('✗', 'bad') : style.paint('✓', 'good');
  const spent = `${workspace} spent ${moneyText(spentNanos, currency)} from ${period.from} to ${period.to}`;
  const heading = (title: string) => `\n${style.paint(title, 'strong')}\n`;
  return [
    `${mark} ${spent}\n`,
    ...exceeded.map(
      (one) =>
        `  the budget of ${one.windowName}, ${moneyText(one.budgetNanos, currency)}, would have refused what came after it: spent were ${moneyText(one.spentNanos, currency)}\n`,
    ),
    ...unpriced.map(({ category, billingMetric, billingGroup }) =>
      plainLine(`  no price for ${category} ${billingMetric} ${billingGroup}: not counted`).concat(
        '\n',
      ),
    ),
    heading('budgets'),
    budgetsTable(bill.budgets, currency, style),
    heading('alerts'),
    alertsTable(bill.alerts, style),
    heading('rotations, had every key been new on the first day'),
    rotationsTable(bill.rotations, style),
  ].join('');
}
