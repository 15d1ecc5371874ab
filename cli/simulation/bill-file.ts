import { readFileSync } from 'node:fs';
import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import { monthlyUsage, UsageSchema } from '../../governance/mistral/organization.js';
import { unreadText } from '../../governance/platform/failures.js';
import { parseJson } from '../../governance/platform/json.js';
import type { IsoDate } from '../../governance/platform/utc-day.js';
import type { Currency } from '../../governance/platform/wording.js';
import { usageRows } from '../../governance/spend/usage-rows.js';
import { wrongInput } from '../failure.js';

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
    return parseJson(readFileSync(path === '-' ? 0 : path, 'utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    throw wrongInput(`usage ${path} could not be read: ${unreadText(error)}`, { cause: error });
  }
}

/** The report as Mistral would have given it at the end of a day. Rows without a time come last. */
export function usageUntil(usage: MonthlyUsage, day: IsoDate): MonthlyUsage {
  const categories = Object.entries(usage.categories).map(([name, fields]) => [
    name,
    rowsUntil(fields, day),
  ]);
  return { ...usage, categories: Object.fromEntries(categories) };
}

function rowsUntil(value: unknown, day: IsoDate): unknown {
  if (Array.isArray(value)) return value.filter((row) => (dayIn(row) ?? '9') <= day);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, rowsUntil(inner, day)]),
  );
}

function dayIn(row: unknown): IsoDate | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const timestamp: unknown = Reflect.get(row, 'timestamp');
  return typeof timestamp === 'string' && timestamp !== '' ? timestamp.slice(0, 10) : undefined;
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The last day with usage. @throws CommandFailure for a report without any day */
export function lastDayOf(usage: MonthlyUsage): IsoDate {
  const days = [...usageRows(usage)].map(({ timestamp }) => timestamp?.slice(0, 10) ?? '');
  const last =
    days
      .filter((day) => DAY.test(day))
      .sort()
      .at(-1) ?? usage.startDate?.slice(0, 10);
  if (last === undefined || !DAY.test(last)) {
    throw wrongInput('the usage report has no day: neither its rows nor start_date name one');
  }
  return last;
}
