import type { Fraction } from '../platform/fraction.js';
import type { IsoDate } from '../platform/utc-day.js';
import { type BilledPrices, type ReportedPrices, staleFrom } from './billed-prices.js';
import { datedPrices, type PriceRules } from './dated-prices.js';
import { PRICE_LIST, PRICE_LIST_SOURCE } from './price-list.js';
import type { PriceSource } from './rates.js';
import type { PriceField, Unit } from './unit-prices.js';

/** Prices of one model from a day on, in the policy's currency, before surcharges and discounts. */
export interface PriceRow {
  readonly model: string;
  /** `undefined` where they hold before all others. */
  readonly from: IsoDate | undefined;
  readonly source: Exclude<PriceSource, 'most-expensive'>;
  /** Where they were published, and when they were read there. */
  readonly publishedIn: string;
  /** Those that are not zero; of a model that costs nothing, none. */
  readonly prices: Readonly<Partial<Record<PriceField, number>>>;
}

/** From nano-units for one to the price of so many. */
const FIELDS: readonly (readonly [field: PriceField, unit: Unit, scale: number])[] = [
  ['inputPerMillionTokens', 'inputToken', 1e-3],
  ['cachedPerMillionTokens', 'cachedToken', 1e-3],
  ['outputPerMillionTokens', 'outputToken', 1e-3],
  ['perThousandPages', 'page', 1e-6],
  ['perThousandAnnotatedPages', 'annotatedPage', 1e-6],
  ['perAudioMinute', 'audioSecond', 60e-9],
  ['perMillionCharacters', 'character', 1e-3],
];

const PUBLISHED = `${PRICE_LIST_SOURCE.repository}, ${PRICE_LIST_SOURCE.commit.slice(0, 7)}, ${PRICE_LIST_SOURCE.publishedOn}`;

/** All prices that requests are charged at, by model and day. */
export function priceTable(rules: PriceRules, today: IsoDate, billed?: BilledPrices): PriceRow[] {
  const published = new Map(PRICE_LIST.map(({ id, source }) => [id, source ?? PUBLISHED]));
  const places = {
    policy: 'the policy',
    bill: `Mistral's usage report, read on ${billed?.readOn}`,
  };
  const isStale = billed !== undefined && today >= staleFrom(billed);
  return [...datedPrices(rules, billed)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([model, dated]) =>
      dated
        .filter((one) => isStale || !one.isStale)
        .map(({ from, source, unitPrices }) => ({
          model,
          from,
          source,
          publishedIn:
            source === 'policy' || source === 'bill'
              ? places[source]
              : (published.get(model) ?? PUBLISHED),
          prices: pricesInFields(unitPrices),
        })),
    );
}

/** For people, as a policy has them; those that are zero are left out. */
export function pricesInFields(prices: ReportedPrices): PriceRow['prices'] {
  return Object.fromEntries(
    FIELDS.flatMap(([field, unit, scale]) => {
      const exact = prices[unit];
      const price = exact === undefined ? 0 : decimalOf(exact, scale);
      return price === 0 ? [] : [[field, price]];
    }),
  );
}

/** The book itself counts exactly. */
function decimalOf({ numerator, denominator }: Fraction, scale: number): number {
  return Number(((Number(numerator) / Number(denominator)) * scale).toPrecision(12));
}
