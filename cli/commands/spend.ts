import type { Command } from 'commander';
import * as z from 'zod';
import { moneyText } from '../../governance/platform/wording.js';
import type { Answer, Cli, CommonOptions } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { openDeployment } from '../open-deployment.js';
import { bar } from '../terminal/bar.js';
import { notesText, type Tone } from '../terminal/style.js';
import { type Cell, renderTable } from '../terminal/table.js';

const nanos = z.number();
const RowSchema = z.object({
  workspace: z.string(),
  window: z.enum(['hour', 'day', 'month']),
  windowName: z.string(),
  currency: z.enum(['USD', 'EUR']),
  spentNanos: nanos,
  meteredNanos: nanos.optional(),
  billedNanos: nanos.optional(),
  budgetNanos: nanos.optional(),
  percent: z.number().optional(),
  forecast: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('runs-out'), at: z.iso.datetime(), expectedNanos: nanos }),
      z.object({ kind: z.literal('lasts'), expectedNanos: nanos }),
    ])
    .optional(),
});
const SummarySchema = z.object({ spend: z.array(RowSchema), problems: z.array(z.string()) });

type Row = z.infer<typeof RowSchema>;
type Summary = z.infer<typeof SummarySchema>;

const BAR_COLUMNS = 20;
const NEAR_PERCENT = 80;

export function registerSpend(program: Command, cli: Cli): void {
  program
    .command('spend')
    .description('show what was spent of each budget, and where it leads')
    .addHelpText(
      'after',
      `
Runs the deployed function that also runs every 15 minutes: what crosses a threshold for the first time
is told to on-call. Spent is the larger of what was metered and what Mistral reports. Exits with 1 where
a budget is used up, or could not be looked at.

Examples:
  $ mistral-governance spend
  $ mistral-governance spend --json | jq '.spend[] | select(.percent > 80)'`,
    )
    .action((_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      return cli.run(options, async () => {
        const { stack, functions } = await cli.progress.during('looking for the stack', () =>
          openDeployment(options, cli.keys),
        );
        const summary = await cli.progress.during('looking at every budget', () =>
          functions.invoke(stack.output('SpendMonitorFunctionName'), SummarySchema),
        );
        return answerOf(summary);
      });
    });
}

function answerOf({ spend, problems }: Summary): Answer {
  return {
    document: { spend, problems },
    exitCode: spend.some(isUsedUp) || problems.length > 0 ? EXIT.no : EXIT.ok,

    text(style) {
      const table = renderTable(
        [
          { title: 'workspace' },
          { title: 'window' },
          { title: 'spent', align: 'right' },
          { title: 'budget', align: 'right' },
          { title: '' },
          { title: '', align: 'right' },
          { title: 'forecast' },
        ],
        spend.map(row),
        style,
      );
      return table + notesText(problems, style);
    },
  };
}

function isUsedUp({ spentNanos, budgetNanos }: Row): boolean {
  return budgetNanos !== undefined && spentNanos >= budgetNanos;
}

function row(one: Row): Cell[] {
  const { workspace, windowName, spentNanos, budgetNanos, currency, percent } = one;
  const tone = toneOf(one);
  return [
    workspace,
    windowName,
    moneyText(spentNanos, currency),
    budgetNanos === undefined ? 'none' : moneyText(budgetNanos, currency),
    percent === undefined ? '' : { text: bar(percent / 100, BAR_COLUMNS), tone },
    percent === undefined ? '' : { text: `${Math.floor(percent)}%`, tone },
    forecastText(one),
  ];
}

function toneOf(one: Row): Tone {
  if (isUsedUp(one)) return 'bad';
  const isNear = (one.percent ?? 0) >= NEAR_PERCENT || one.forecast?.kind === 'runs-out';
  return isNear ? 'warn' : 'good';
}

function forecastText(one: Row): string {
  if (isUsedUp(one)) return 'used up';
  const { forecast, currency } = one;
  if (!forecast) return '';
  if (forecast.kind === 'lasts') return `ends at ${moneyText(forecast.expectedNanos, currency)}`;
  return `runs out ${forecast.at.slice(0, 16).replace('T', ' ')} UTC`;
}
