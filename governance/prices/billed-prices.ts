import * as z from 'zod';
import {
  type Fraction,
  fraction,
  isMore,
  multiply,
  parseDecimal,
  reduce,
} from '../platform/fraction.js';
import { addDays, type IsoDate } from '../platform/utc-day.js';
import { REGIONAL, TOKENS } from './rates.js';
import type { Unit } from './unit-prices.js';

/** Prices of one model in nano-units, of those units alone that a usage report prices. */
export type ReportedPrices = Readonly<Partial<Record<Unit, Fraction>>>;

/** `prices[]` of a usage report, by exact model id, as they are without a surcharge. */
export interface PriceReport {
  readonly models: ReadonlyMap<string, ReportedPrices>;
  /** Rows whose price is not a decimal. */
  readonly unreadable: number;
}

type Row = Readonly<Record<string, unknown>>;

const ZONES = ['us', 'eu'] as const;

/** Mistral's region that an address belongs to. */
export function apiZoneOf(apiUrl: string): 'global' | (typeof ZONES)[number] {
  const { hostname } = new URL(apiUrl);
  return ZONES.find((zone) => hostname.startsWith(`api.${zone}.`)) ?? 'global';
}

/**
 * Reads the standard tier's prices. Those of the policy's own zone count before global ones, and these
 * before other zones'; of several that are alike, the highest.
 */
export function readPriceReport(rows: readonly Row[], apiUrl: string): PriceReport {
  const own = apiZoneOf(apiUrl);
  const models = new Map<string, Partial<Record<Unit, Fraction>>>();
  const ranks = new Map<string, number>();
  let unreadable = 0;
  for (const row of rows) {
    const { billing_metric: model, api_zone: zone, service_tier: tier } = row;
    const unit = unitOf(row);
    if (typeof model !== 'string' || model === '' || unit === undefined) continue;
    if (isNamed(tier) && tier !== 'standard') continue;
    const decimal = parseDecimal(row.price);
    if (decimal === undefined) {
      unreadable += 1;
      continue;
    }
    const isRegional = isNamed(zone) && zone !== 'global' && TOKENS.includes(unit);
    const perUnit = multiply(decimal, isRegional ? WITHOUT_SURCHARGE : NANOS);
    const rank = zone === own ? 2 : isRegional ? 0 : 1;
    const key = JSON.stringify([model, unit]);
    const before = ranks.get(key) ?? -1;
    if (rank < before) continue;
    const prices = models.get(model) ?? {};
    models.set(model, prices);
    const known = prices[unit];
    if (rank > before || known === undefined || isMore(perUnit, known)) prices[unit] = perUnit;
    ranks.set(key, rank);
  }
  return { models, unreadable };
}

const NANOS = fraction(1_000_000_000n);
const WITHOUT_SURCHARGE = fraction(
  NANOS.numerator * REGIONAL.denominator,
  NANOS.denominator * REGIONAL.numerator,
);

const TOKEN_GROUPS: Readonly<Record<string, Unit>> = {
  input: 'inputToken',
  cached: 'cachedToken',
  output: 'outputToken',
};

/** What requests are metered by; `undefined` for the prices of anything else. */
function unitOf({ event_type: event, billing_group: group }: Row): Unit | undefined {
  if (typeof group !== 'string') return undefined;
  if (!isNamed(event) || event === 'api_tokens') return TOKEN_GROUPS[group];
  if (event === 'api_pages') return /annot/i.test(group) ? 'annotatedPage' : 'page';
  if (event === 'api_audio_seconds') return 'audioSecond';
  return event === 'api_audio_characters' ? 'character' : undefined;
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** In lowest terms, so that equal prices are equal texts. */
const ExactSchema = z.string().regex(/^\d{1,400}\/[1-9]\d{0,399}$/);

const BilledModelSchema = z.object({
  /** The last day on which a report listed the model. */
  seenOn: z.iso.date(),
  /** In order of their days: those on which the audit first saw them. */
  prices: z
    .array(z.object({ from: z.iso.date(), units: z.record(z.string(), ExactSchema) }))
    .min(1),
});

/** The organization's own prices, as the nightly audit publishes them. */
export const BilledPricesSchema = z.object({
  version: z.literal(1),
  currency: z.string(),
  /** The day on which the audit read them. */
  readOn: z.iso.date(),
  models: z.record(z.string(), BilledModelSchema),
});

export type BilledPrices = z.infer<typeof BilledPricesSchema>;

/** Where the quota table has them: no counter's name begins so. */
export const PRICES_PARTITION = 'prices';

/** Once no audit could read the prices for longer than that, they may no longer hold. */
export const STALE_AFTER_DAYS = 8;

const FORGOTTEN_AFTER_DAYS = 100;
const MOST_CHANGES = 20;

/** Adds what a report says today. Prices that did not change keep their day. */
export function withReport(
  before: BilledPrices | undefined,
  report: Pick<PriceReport, 'models'>,
  currency: string,
  today: IsoDate,
): BilledPrices {
  const known = before?.currency === currency ? before.models : {};
  const models: Record<string, BilledPrices['models'][string]> = {};
  for (const [id, model] of Object.entries(known)) {
    if (model.seenOn >= addDays(today, -FORGOTTEN_AFTER_DAYS)) models[id] = model;
  }
  for (const [id, reported] of report.models) {
    const prices = models[id]?.prices ?? [];
    const units = textsOf(reported);
    const isSame = JSON.stringify(prices.at(-1)?.units) === JSON.stringify(units);
    const earlier = prices.filter(({ from }) => from < today);
    const all = isSame ? prices : [...earlier, { from: today, units }];
    models[id] = { seenOn: today, prices: all.slice(-MOST_CHANGES) };
  }
  return { version: 1, currency, readOn: today, models };
}

function textsOf(reported: ReportedPrices): Record<string, string> {
  const sorted = Object.entries(reported).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    sorted.map(([unit, price]) => {
      const { numerator, denominator } = reduce(price);
      return [unit, `${numerator}/${denominator}`];
    }),
  );
}

/** The price that a publication has for a unit. */
export function exactPrice(text: string | undefined): Fraction | undefined {
  if (text === undefined) return undefined;
  const [numerator = '0', denominator = '1'] = text.split('/');
  return fraction(BigInt(numerator), BigInt(denominator));
}

/** From this day on, publications count only where they say more than the price book. */
export function staleFrom({ readOn }: Pick<BilledPrices, 'readOn'>): IsoDate {
  return addDays(readOn, STALE_AFTER_DAYS + 1);
}
