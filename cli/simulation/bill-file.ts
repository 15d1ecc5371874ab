import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import { monthlyUsage, UsageSchema } from '../../governance/mistral/organization.js';
import { usageRows } from '../../governance/mistral/usage-rows.js';
import { readAtMost } from '../../governance/platform/bounded-file.js';
import { unreadText } from '../../governance/platform/failures.js';
import { isObject, parseJson } from '../../governance/platform/json.js';
import { DAY_MS, type IsoDate, utcDay } from '../../governance/platform/utc-day.js';
import type { Currency } from '../../governance/platform/wording.js';
import { dayOf } from '../../governance/spend/billed-spend.js';
import { wrongInput } from '../failure.js';

/** As of an answer of Mistral's. */
const MOST_MIB = 64;

/** A saved answer of GET /v1/admin/usage. @throws CommandFailure for any other file */
export function readBill(path: string, currency: Currency): MonthlyUsage {
  const parsed = UsageSchema.safeParse(readJson(path));
  const hasRows = parsed.success && ('completion' in parsed.data || parsed.data.prices);
  if (!hasRows) {
    throw wrongInput(
      `usage ${path} is not an answer of GET /v1/admin/usage, which --workspace needs: it must be one JSON object with completion and prices`,
    );
  }
  const usage = monthlyUsage(parsed.data);
  if ((usage.currency ?? currency) !== currency) {
    throw wrongInput(
      `usage ${path} is in ${usage.currency}, the policy's budgets are in ${currency}`,
    );
  }
  return usage;
}

function readJson(path: string): unknown {
  try {
    const bytes = readAtMost(path === '-' ? 0 : path, MOST_MIB);
    return parseJson(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    throw wrongInput(`usage ${path} could not be read: ${unreadText(error)}`, { cause: error });
  }
}

/** The report as Mistral would have given it at the end of a day; what has no time comes last. */
export function usageUntil(usage: MonthlyUsage, day: IsoDate): MonthlyUsage {
  const categories = Object.entries(usage.categories).map(([name, fields]) => [
    name,
    rowsUntil(fields, day),
  ]);
  return { ...usage, categories: Object.fromEntries(categories) };
}

function rowsUntil(value: unknown, day: IsoDate): unknown {
  if (Array.isArray(value)) return value.filter((row) => (dayIn(row) ?? LAST) <= day);
  if (typeof value === 'number') return 0;
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, rowsUntil(inner, day)]),
  );
}

/** After every day. */
const LAST = '9';

function dayIn(row: unknown): IsoDate | undefined {
  return isObject(row) && typeof row.timestamp === 'string' ? dayOf(row.timestamp) : undefined;
}

/**
 * The days of the report's month, until the last one with usage. The month is around the middle of the
 * report's time, in any zone; without one, it is that of the last row.
 *
 * @throws CommandFailure for a report without any day
 */
export function daysOf(usage: MonthlyUsage): { readonly from: IsoDate; readonly to: IsoDate } {
  const days = [...usageRows(usage)].flatMap(({ timestamp }) => dayOf(timestamp) ?? []).sort();
  const middle = middleOf(usage) ?? days.at(-1);
  if (middle === undefined) {
    throw wrongInput('the usage report has no day: neither its rows nor start_date name one');
  }
  const month = middle.slice(0, 7);
  const from = `${month}-01`;
  return { from, to: days.filter((day) => day.startsWith(month)).at(-1) ?? from };
}

function middleOf({ startDate, endDate }: MonthlyUsage): IsoDate | undefined {
  const [startMs, endMs] = [startDate, endDate].map((text) => Date.parse(text ?? ''));
  const half = endMs && startMs && endMs > startMs ? (endMs - startMs) / 2 : 14 * DAY_MS;
  return startMs ? utcDay(new Date(startMs + half)) : undefined;
}
