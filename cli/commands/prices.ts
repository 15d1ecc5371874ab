import type { Command } from 'commander';
import { messageOf } from '../../governance/platform/failures.js';
import { utcDay } from '../../governance/platform/utc-day.js';
import type { Policy } from '../../governance/policy/policy.js';
import { type BilledPrices, staleFrom } from '../../governance/prices/billed-prices.js';
import { NEWER_PRICES_OF, PRICE_LIST_SOURCE } from '../../governance/prices/price-list.js';
import { type PriceRow, priceTable } from '../../governance/prices/price-table.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { openDeployment } from '../open-deployment.js';
import { openPolicy } from '../policy-file.js';
import { notesText } from '../terminal/style.js';
import { left, renderTable, right, shrinking } from '../terminal/table.js';

export function registerPrices(program: Command, cli: Cli): void {
  program
    .command('prices')
    .description('list the prices that requests are charged at, with their days and sources')
    .addHelpText('after', HELP)
    .action(action(cli, prices));
}

const HELP = `
Before surcharges for priority and regions, in mistral.currency. A model that is not listed costs as
much as the most expensive one, or is refused (prices.unknownModel). Needs no network, unless the policy
has prices.source: bill: then it reads what the nightly audit published, and exits with 1 if it cannot.

Examples:
  $ mistral-governance prices
  $ mistral-governance prices --json | jq '.prices[] | select(.source == "policy")'`;

async function prices(cli: Cli, options: CommonOptions): Promise<Answer> {
  const policy = openPolicy(options.policy);
  const { currency } = policy.mistral;
  const { unknownModel, source } = policy.prices;
  const { billed, problems } = await billedPrices(cli, options, policy);
  const rows = priceTable(policy, utcDay(cli.now()), billed);
  const list = { ...PRICE_LIST_SOURCE, newerModelsOf: NEWER_PRICES_OF };
  const bill = billed && { readOn: billed.readOn };
  return {
    document: { currency, unknownModel, source, list, bill, problems, prices: rows },
    exitCode: problems.length > 0 ? EXIT.no : EXIT.ok,
    text: (style) =>
      renderTable(rows, style, [
        left('model', ({ model }: PriceRow) => model),
        left('from', ({ from }) => from ?? ''),
        right('input', (row) => amount(row, 'inputPerMillionTokens')),
        right('cached', (row) => amount(row, 'cachedPerMillionTokens')),
        right('output', (row) => amount(row, 'outputPerMillionTokens')),
        left('other', otherText),
        left('source', ({ source }) => source),
        shrinking('published in', ({ publishedIn }) => publishedIn),
      ]) + notesText(problems, style),
  };
}

interface Billed {
  readonly billed: BilledPrices | undefined;
  /** Why the prices listed may not be those that requests are charged at. */
  readonly problems: readonly string[];
}

/** What the gateway reads, where the policy says so. */
async function billedPrices(cli: Cli, options: CommonOptions, policy: Policy): Promise<Billed> {
  if (policy.prices.source !== 'bill') return { billed: undefined, problems: [] };
  try {
    const { publishedPrices } = await openDeployment(cli, options);
    const billed = await publishedPrices().read();
    const stale = billed && utcDay(cli.now()) >= staleFrom(billed);
    if (!billed) return { billed, problems: ['no audit has published the prices of the bill yet'] };
    const problem = `the bill was last read on ${billed.readOn}: the higher of bill and price book counts`;
    return { billed, problems: stale ? [problem] : [] };
  } catch (error) {
    const reason = messageOf(error);
    const problem = `the prices of the bill could not be read, so none are listed: ${reason}`;
    return { billed: undefined, problems: [problem] };
  }
}

function amount({ prices: all }: PriceRow, field: keyof PriceRow['prices']): string {
  return String(all[field] ?? '');
}

function otherText({ prices: all }: PriceRow): string {
  const { perThousandPages, perThousandAnnotatedPages, perAudioMinute, perMillionCharacters } = all;
  return Object.entries({
    '1,000 pages': perThousandPages,
    '1,000 annotated': perThousandAnnotatedPages,
    minute: perAudioMinute,
    '1 M characters': perMillionCharacters,
  })
    .flatMap(([what, price]) => (price === undefined ? [] : [`${price} a ${what}`]))
    .join(', ')
    .replaceAll(' a 1', ' per 1');
}
