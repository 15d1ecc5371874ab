/** A price in USD for so many of what it is for. */
export interface AwsPrice {
  readonly usd: number;
  /** @default 1 */
  readonly per?: number;
}

/** Where and when these were the list prices: other regions have others, mostly higher ones. */
export const AWS_PRICES_OF = { region: 'us-east-1', day: '2026-11-24' } as const;

/** AWS's list prices, from the pricing page of each service: the one place where this product has them. */
export const AWS_PRICES = {
  secretMonth: { usd: 0.4 },
  secretCalls: { usd: 0.05, per: 10_000 },
  keyMonth: { usd: 1 },
  keyCalls: { usd: 0.03, per: 10_000 },
  alarmMonth: { usd: 0.1 },
  compositeAlarmMonth: { usd: 0.5 },
  dashboardMonth: { usd: 3 },
  metricMonth: { usd: 0.3 },
  logGigabytes: { usd: 0.5 },
  lambdaGigabyteSeconds: { usd: 0.0000133334 }, // on Arm
  lambdaRequests: { usd: 0.2, per: 1_000_000 },
  stateTransitions: { usd: 0.025, per: 1_000 },
  tableReads: { usd: 0.125, per: 1_000_000 },
  tableWrites: { usd: 0.625, per: 1_000_000 },
  schedules: { usd: 1, per: 1_000_000 },
  events: { usd: 1, per: 1_000_000 },
  mails: { usd: 2, per: 100_000 },
  traces: { usd: 5, per: 1_000_000 },
  bucketWrites: { usd: 0.005, per: 1_000 },
  bucketGigabytes: { usd: 0.023 },
  gigabytesOut: { usd: 0.09 },
} as const satisfies Record<string, AwsPrice>;
