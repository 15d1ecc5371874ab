import { type Command, Option } from 'commander';
import * as z from 'zod';
import { DIMENSIONS } from '../../governance/ledger/spend-by.js';
import { instantText, moneyText } from '../../governance/platform/wording.js';
import { type SpendRow, SpendRowSchema } from '../../governance/spend/spend-row.js';
import { type Answer, action, type Cli } from '../cli.js';
import { EXIT, wrongInput } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { day, wholeNumber } from '../option-values.js';
import { type SpendByOptions, spendBy } from '../spend/spend-by.js';
import { notesText, type Tone } from '../terminal/style.js';
import { bar, type Cell, type Column, left, renderTable, right } from '../terminal/table.js';

const SummarySchema = z.object({ spend: z.array(SpendRowSchema), problems: z.array(z.string()) });

const NEAR_PERCENT = 80;

export function registerSpend(program: Command, cli: Cli): void {
  program
    .command('spend')
    .description('show the spend of each budget and its forecast, or who spent it')
    .addOption(
      new Option('--by <dimension>', 'who spent it, on what, from the ledger').choices(DIMENSIONS),
    )
    .option('--from <day>', 'the first day in UTC (default: the first of the month)', day)
    .option('--to <day>', 'the last day in UTC (default: today)', day)
    .option('--top <number>', 'how many are listed one by one (default: 20)', wholeNumber)
    .option('--csv', 'print a table for spreadsheets')
    .addHelpText('after', HELP)
    .action(action(cli, spend));
}

const HELP = `
Runs the deployed function that also runs every 15 minutes: on-call is notified of thresholds that are
reached for the first time. Spent is the larger of the metered spend and the spend that Mistral reports.
Exits with 1 if a budget is exhausted, or could not be checked.

With --by it reads the ledger instead, which gateway and client library write with every settlement:
what each caller, role, model, endpoint, workspace or team spent from one day to another, the share of
each, and the trend against as many days before. Callers are named as ledger.callers says.

Examples:
  $ mistral-governance spend
  $ mistral-governance spend --json | jq '.spend[] | select(.percent > 80)'
  $ mistral-governance spend --by caller --from 2026-11-01 --top 5
  $ mistral-governance spend --by model --csv > models.csv`;

const FOR_BY = ['from', 'to', 'top', 'csv'] as const;

async function spend(cli: Cli, options: SpendByOptions): Promise<Answer> {
  if (options.by) return spendBy(cli, options.by, options);
  if (FOR_BY.some((name) => options[name] !== undefined)) {
    throw wrongInput('only --by takes days, --top and --csv: add --by, for example --by caller');
  }
  const { stack, functions } = await openDeployment(cli, options);
  const { spend: rows, problems } = await cli.progress.during('checking all budgets', () =>
    functions.invoke(stack.output('SpendMonitorFunctionName'), SummarySchema),
  );
  return {
    document: { spend: rows, problems },
    exitCode: rows.some(isExhausted) || problems.length > 0 ? EXIT.no : EXIT.ok,

    text: (style) =>
      renderTable(rows, style, columns(rows, cli.now())) + notesText(problems, style),
  };
}

function isExhausted({ spentNanos, budgetNanos }: SpendRow): boolean {
  return budgetNanos !== undefined && spentNanos >= budgetNanos;
}

function columns(rows: readonly SpendRow[], now: Date): readonly Column<SpendRow>[] {
  const hasOverflow = rows.some((row) => overflowText(row) !== '');
  return [
    left('workspace', ({ workspace }) => workspace),
    left('window', (row) => row.windowName),
    right('spent', ({ spentNanos, currency }) => moneyText(spentNanos, currency)),
    right('budget', ({ budgetNanos, currency }) =>
      budgetNanos === undefined ? 'none' : moneyText(budgetNanos, currency),
    ),
    left('', (row) => percentCell(row, (percent) => bar(percent / 100))),
    right('', (row) => percentCell(row, (percent) => `${Math.floor(percent)} %`)),
    ...(hasOverflow ? [left('overflow', overflowText)] : []),
    left('forecast', (row) => forecastText(row, now)),
  ];
}

function percentCell(row: SpendRow, text: (percent: number) => string): Cell {
  return row.percent === undefined ? '' : { text: text(row.percent), tone: toneOf(row) };
}

function toneOf(row: SpendRow): Tone {
  if (isExhausted(row)) return 'bad';
  const isNear = (row.percent ?? 0) >= NEAR_PERCENT || row.forecast?.kind === 'runs-out';
  return isNear ? 'warn' : 'good';
}

function overflowText({ borrowedNanos, lentNanos, currency }: SpendRow): string {
  const texts = [
    borrowedNanos ? `borrowed ${moneyText(borrowedNanos, currency)}` : [],
    lentNanos ? `lent ${moneyText(lentNanos, currency)}` : [],
  ];
  return texts.flat().join(', ');
}

function forecastText(row: SpendRow, now: Date): string {
  if (isExhausted(row)) return 'exhausted';
  const { forecast, currency } = row;
  if (!forecast) return '';
  if (forecast.kind !== 'runs-out') {
    const expected = `${moneyText(forecast.expectedNanos, currency)} expected`;
    return `${forecast.kind === 'lasts' ? 'lasts' : 'may run out'}, ${expected}`;
  }
  return `runs out ${instantText(forecast.at, now)}`;
}
