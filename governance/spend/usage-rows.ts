import type { MonthlyUsage } from '../mistral/mistral-limits.js';
import { isObject } from '../platform/json.js';

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
  /** As Mistral gave it: a number or the text of one. */
  readonly value: unknown;
}

const MAX_DEPTH = 10;

/** Every row of every category, however deep: Mistral does not document where rows stand. */
export function* usageRows({ categories }: MonthlyUsage): Generator<UsageRow> {
  for (const [category, fields] of Object.entries(categories)) yield* rowsIn(fields, [category]);
}

function* rowsIn(value: unknown, path: readonly string[]): Generator<UsageRow> {
  if (Array.isArray(value)) {
    for (const row of value) if (isObject(row)) yield readRow(row, path);
  } else if (isObject(value) && path.length < MAX_DEPTH) {
    for (const [key, inner] of Object.entries(value)) yield* rowsIn(inner, [...path, key]);
  }
}

/** `[category, …, 'models', 'display name::billing metric', 'billing group']` leads to a row. */
function readRow(row: Readonly<Record<string, unknown>>, path: readonly string[]): UsageRow {
  const models = path.indexOf('models', 1);
  const [, metricOfPath = ''] = path.at(-2)?.split('::') ?? [];
  const above = path.slice(0, Math.max(1, path.length - 2));
  return {
    category: above.filter((key, at) => at === 0 || key !== 'models').join('.'),
    model: models < 0 ? undefined : path[models + 1]?.split('::').at(-1),
    billingMetric: text(row.billing_metric) ?? metricOfPath,
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
