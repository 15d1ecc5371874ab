/** Where CloudWatch shows the metrics of this product. */
export const METRICS_NAMESPACE = 'MistralGovernance';

export type MetricDimension = 'workspace' | 'type' | 'severity' | 'outcome' | 'status';

interface MetricKind {
  readonly unit: 'None' | 'Percent' | 'Count' | 'Milliseconds';
  /** Each by itself: CloudWatch charges for every value of a dimension, and for every pair of two. */
  readonly dimensions: readonly MetricDimension[];
}

/** Every metric that this product writes, and so all that a dashboard or an alarm may ask for. */
export const METRICS = {
  HourSpend: { unit: 'None', dimensions: ['workspace'] },
  HourPercent: { unit: 'Percent', dimensions: ['workspace'] },
  DaySpend: { unit: 'None', dimensions: ['workspace'] },
  DayPercent: { unit: 'Percent', dimensions: ['workspace'] },
  MonthSpend: { unit: 'None', dimensions: ['workspace'] },
  MonthPercent: { unit: 'Percent', dimensions: ['workspace'] },

  /** Of all workspaces together, as `ORGANIZATION`. */
  KeysListed: { unit: 'Count', dimensions: ['workspace'] },
  KeysManaged: { unit: 'Count', dimensions: ['workspace'] },
  /** Of each workspace, and of all. */
  OldestKeyDays: { unit: 'None', dimensions: ['workspace'] },
  RetirementsRunning: { unit: 'Count', dimensions: ['workspace'] },
  OldestRetirementDays: { unit: 'None', dimensions: ['workspace'] },
  FindingsOpen: { unit: 'Count', dimensions: ['type', 'severity'] },

  Rotations: { unit: 'Count', dimensions: ['outcome'] },
  Retirements: { unit: 'Count', dimensions: ['outcome'] },

  /** One value for each request to the gateway, so that it counts them too. */
  Latency: { unit: 'Milliseconds', dimensions: ['outcome'] },
  /** Every 401 and 429 of Mistral's, also those that a second attempt made good. */
  UpstreamRefusals: { unit: 'Count', dimensions: ['status'] },
} as const satisfies Record<string, MetricKind>;

export type MetricName = keyof typeof METRICS;

/** In place of a workspace where all are meant, as in alerts. */
export const ORGANIZATION = 'organization';

/** How a rotation ended: a first key, a new one in place of another, or one that did not work. */
export const ROTATION_OUTCOMES = ['provisioned', 'replaced', 'withdrawn'] as const;
export type RotationOutcome = (typeof ROTATION_OUTCOMES)[number];

/** How a retirement ended; without the Admin API it is a person who revokes, and not always seen. */
export const RETIREMENT_OUTCOMES = [
  'revoked',
  'rolled-back',
  'kept',
  'not-verified',
  'failed',
] as const;
export type RetirementOutcome = (typeof RETIREMENT_OUTCOMES)[number];
