import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';
import type { IsoDate } from '../../governance/platform/utc-day.js';
import { usageRows } from '../../governance/spend/usage-rows.js';
import { wrongInput } from '../failure.js';

/** The report as Mistral would have given it at the end of a day. Rows without a time come last. */
export function usageUntil(usage: MonthlyUsage, day: IsoDate): MonthlyUsage {
  const categories = Object.entries(usage.categories).map(([name, fields]) => [
    name,
    pruned(fields, day),
  ]);
  return { ...usage, categories: Object.fromEntries(categories) };
}

function pruned(value: unknown, day: IsoDate): unknown {
  if (Array.isArray(value)) return value.filter((row) => (dayIn(row) ?? '9') <= day);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, pruned(inner, day)]));
}

function dayIn(row: unknown): IsoDate | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const timestamp: unknown = Reflect.get(row, 'timestamp');
  return typeof timestamp === 'string' && timestamp !== '' ? timestamp.slice(0, 10) : undefined;
}

/** The last day with usage. @throws CommandFailure for a report that tells no day at all */
export function lastDayOf(usage: MonthlyUsage): IsoDate {
  const days = [...usageRows(usage)].map(({ timestamp }) => timestamp?.slice(0, 10) ?? '');
  const last =
    days
      .filter((day) => /^\d{4}-\d\d-\d\d$/.test(day))
      .sort()
      .at(-1) ?? usage.startDate?.slice(0, 10);
  if (last === undefined || !/^\d{4}-\d\d-\d\d$/.test(last)) {
    throw wrongInput('the usage report names no day: neither its rows nor start_date do');
  }
  return last;
}
