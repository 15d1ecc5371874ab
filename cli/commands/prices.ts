import type { Command } from 'commander';
import { NEWER_PRICES_OF, PRICE_LIST_SOURCE } from '../../governance/prices/price-list.js';
import { type PriceRow, priceTable } from '../../governance/prices/price-table.js';
import { type Answer, action, type Cli, type CommonOptions } from '../cli.js';
import { EXIT } from '../failure.js';
import { openPolicy } from '../policy-file.js';
import { left, renderTable, right, shrinking } from '../terminal/table.js';

export function registerPrices(program: Command, cli: Cli): void {
  program
    .command('prices')
    .description('list the prices that requests are charged at, with their days and sources')
    .addHelpText('after', HELP)
    .action(action(cli, async (_cli, options) => prices(options)));
}

const HELP = `
Needs no network. Before surcharges for priority and regions, in mistral.currency. A model that is not
listed costs as much as the most expensive one, or is refused (prices.unknownModel).

Examples:
  $ mistral-governance prices
  $ mistral-governance prices --json | jq '.prices[] | select(.source == "policy")'`;

function prices({ policy: path }: CommonOptions): Answer {
  const policy = openPolicy(path);
  const { currency } = policy.mistral;
  const rows = priceTable(policy);
  const list = { ...PRICE_LIST_SOURCE, newerModelsOf: NEWER_PRICES_OF };
  return {
    document: { currency, unknownModel: policy.prices.unknownModel, list, prices: rows },
    exitCode: EXIT.ok,
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
      ]),
  };
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
