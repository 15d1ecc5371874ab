import * as z from 'zod';
import { exactModels } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import type { Organization } from '../mistral/organization.js';
import { usageRows } from '../mistral/usage-rows.js';
import { parseSignedDecimal } from '../platform/fraction.js';
import { addDays, type IsoDate, utcDay } from '../platform/utc-day.js';
import { countText } from '../platform/wording.js';
import type { Policy } from '../policy/policy.js';
import {
  type BilledPrices,
  type ReportedPrices,
  readPriceReport,
  withReport,
} from '../prices/billed-prices.js';
import { pricedModels } from '../prices/dated-prices.js';
import { PRICE_LIST } from '../prices/price-list.js';
import type { PublishedPrices } from '../prices/published-prices.aws.js';
import type { PriceFacts } from './price-findings.js';
import type { Problems } from './problems.js';

export interface PriceSources {
  readonly policy: Policy;
  readonly organization: Pick<Organization, 'usage'>;
  /** `undefined` unless the policy says that the bill's prices count. */
  readonly publishedPrices?: PublishedPrices | undefined;
}

/** A model that was used on the last of a month is in no report of the next. */
const LOOK_BACK_DAYS = 7;

/** What a gateway sends requests for. */
const METERED = new Set(['completion', 'ocr', 'audio', 'audio_characters']);

const UNREAD = "Mistral's prices could not be read";

/**
 * What the usage report says of models and prices, which it also publishes where the policy says that
 * the bill's prices count. `undefined` where the report cannot be read.
 */
export async function readPriceFacts(
  { organization, policy, publishedPrices }: PriceSources,
  listed: readonly MistralModel[],
  problems: Problems,
  now: Date,
): Promise<PriceFacts | undefined> {
  const { apiUrl, currency } = policy.mistral;
  const exact = exactModels(listed, pricedModels(policy.prices));
  const isListed = new Set(PRICE_LIST.map(({ id }) => id));
  const idOf = (metric: string) =>
    (isListed.has(metric) ? metric : exact.get(metric)?.id) ?? metric;

  const facts = await problems.attempt(UNREAD, async () => {
    const prices = new Map<string, ReportedPrices>();
    const used = new Set<string>();
    // The older one first: what the newer one says replaces it.
    for (const month of monthsOf(now)) {
      const usage = await organization.usage(month);
      if ((usage.currency ?? currency) !== currency) {
        throw new Error(`they are in ${usage.currency}, the policy in ${currency}`);
      }
      const { models, unreadable } = readPriceReport(usage.prices, apiUrl);
      if (unreadable > 0) problems.note(UNREAD, `${countText(unreadable, 'row')} of prices[]`);
      for (const [metric, reported] of models) prices.set(idOf(metric), reported);
      for (const metric of usedModels(usage)) used.add(idOf(metric));
    }
    return { prices, used, published: undefined };
  });
  if (!facts || !publishedPrices) return facts;

  let published: BilledPrices | undefined;
  await problems.attempt("Mistral's prices could not be published", async () => {
    published = await readable(publishedPrices);
    const merged = withReport(published, { models: facts.prices }, currency, utcDay(now));
    await publishedPrices.publish(merged);
    published = merged;
  });
  return { ...facts, published };
}

/** A publication that is not readable is replaced. */
async function readable({ read }: PublishedPrices): Promise<BilledPrices | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof z.ZodError) return undefined;
    throw error;
  }
}

function monthsOf(now: Date) {
  const days: readonly IsoDate[] = [addDays(utcDay(now), -LOOK_BACK_DAYS), utcDay(now)];
  const months = new Set(days.map((day) => day.slice(0, 7)));
  return [...months].map((month) => ({
    year: Number(month.slice(0, 4)),
    month: Number(month.slice(5)),
  }));
}

function* usedModels(usage: MonthlyUsage): Generator<string> {
  for (const { category, model, value } of usageRows(usage)) {
    const isUsed = METERED.has(category) && parseSignedDecimal(value)?.numerator !== 0n;
    if (isUsed && model !== undefined) yield model;
  }
}
