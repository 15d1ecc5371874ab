import type { MonthlyUsage } from '../../governance/mistral/mistral-limits.js';

type Fields = Record<string, unknown>;

/** A row of `GET /v1/admin/usage` as in real answers. */
export function aRow(
  billingMetric: string,
  billingGroup: string,
  value: unknown,
  change: Fields = {},
): Fields {
  return {
    usage_type: 'usage',
    event_type: 'api_tokens',
    billing_metric: billingMetric,
    billing_display_name: billingMetric,
    billing_group: billingGroup,
    timestamp: '2026-11-14',
    value,
    value_paid: value,
    ...change,
  };
}

export function aPrice(
  billingMetric: string,
  billingGroup: string,
  price: unknown,
  change: Fields = {},
): Fields {
  return {
    event_type: null,
    billing_metric: billingMetric,
    billing_group: billingGroup,
    price,
    ...change,
  };
}

/** A category of rows, each under its model and group. */
export function models(...rows: readonly Fields[]): Fields {
  return { models: byModel(rows) };
}

export function byModel(rows: readonly Fields[]): Fields {
  const grouped: Record<string, Record<string, Fields[]>> = {};
  for (const row of rows) {
    const key = `${row.billing_display_name}::${row.billing_metric}`;
    const groups = grouped[key] ?? {};
    grouped[key] = groups;
    const group = String(row.billing_group);
    groups[group] = [...(groups[group] ?? []), row];
  }
  return grouped;
}

export function aReport(
  prices: MonthlyUsage['prices'],
  categories: MonthlyUsage['categories'],
): MonthlyUsage {
  return {
    currency: 'USD',
    startDate: '2026-11-01T00:00:00Z',
    endDate: '2026-12-01T00:00:00Z',
    prices,
    categories,
  };
}
