import { isObject } from '../platform/json.js';
import type { MonthlyUsage } from './mistral-limits.js';

/** One line of Mistral's bill. */
export interface UsageRow {
  /** `completion`, `libraries_api.pages`, … */
  readonly category: string;
  /** `mistral-large-2512`, `mistral-ocr-4-1`, …; `undefined` where the row stands under none. */
  readonly model: string | undefined;
  readonly billingMetric: string;
  readonly billingGroup: string;
  readonly eventType: string | undefined;
  readonly apiZone: string | undefined;
  readonly serviceTier: string | undefined;
  readonly timestamp: string | undefined;
  /** As Mistral gave it: a number or the text of one; `undefined` where there is none, or no row at all. */
  readonly value: unknown;
}

const MAX_DEPTH = 10;

/** A text less deep describes a category; deeper it stands where usage is expected. */
const ROWS_FROM = 3;

/**
 * Every row of every category, however deep: Mistral does not document where rows stand. A number by
 * itself is a row too, as the stored models under `fine_tuning.storage`.
 */
export function* usageRows({ categories }: MonthlyUsage): Generator<UsageRow> {
  for (const [category, fields] of Object.entries(categories)) yield* rowsIn(fields, [category]);
}

function* rowsIn(value: unknown, path: readonly string[]): Generator<UsageRow> {
  if (Array.isArray(value)) {
    for (const row of value) yield readRow(isObject(row) ? row : {}, path);
  } else if (isObject(value)) {
    if (path.length >= MAX_DEPTH) yield readRow({}, path);
    else for (const [key, inner] of Object.entries(value)) yield* rowsIn(inner, [...path, key]);
  } else if (typeof value === 'number' || (isPresent(value) && path.length >= ROWS_FROM)) {
    yield loneRow(value, path);
  }
}

function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined;
}

/** `[category, …, 'storage', 'metric']` leads to an amount, or what stands in its place. */
function loneRow(value: unknown, path: readonly string[]): UsageRow {
  const [above, group, key] = path.slice(-3);
  const isByKey = key !== undefined && above !== 'models';
  return readRow(isByKey ? { value, billing_metric: key, billing_group: group } : { value }, path);
}

/** `[category, …, 'models', 'display name::billing metric', 'billing group']` leads to a row. */
function readRow(row: Readonly<Record<string, unknown>>, path: readonly string[]): UsageRow {
  const models = path.indexOf('models', 1);
  const above = path.slice(0, Math.max(1, path.length - 2));
  return {
    category: above.filter((key, at) => at === 0 || key !== 'models').join('.'),
    model: models < 0 ? undefined : path[models + 1]?.split('::').at(-1),
    billingMetric: text(row.billing_metric) ?? path.at(-2)?.split('::').at(-1) ?? '',
    billingGroup: text(row.billing_group) ?? path.at(-1) ?? '',
    eventType: text(row.event_type),
    apiZone: text(row.api_zone),
    serviceTier: text(row.service_tier),
    timestamp: text(row.timestamp),
    value: row.value_paid ?? row.value,
  };
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
