/** Where CloudWatch shows the metrics of this product. */
export const METRICS_NAMESPACE = 'MistralGovernance';

export type MetricDimension = 'workspace' | 'type' | 'severity' | 'outcome' | 'status' | 'overflow';

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
  /** Every 401 and 429 from Mistral, also where a retry succeeded, and of its list of models. */
  UpstreamRefusals: { unit: 'Count', dimensions: ['status'] },
  /** One value for each request that another workspace's key sent: its cost. */
  OverflowSpend: { unit: 'None', dimensions: ['overflow'] },
  /** Requests that a workspace's key did not send, since it had lent what it may. */
  OverflowRefusals: { unit: 'Count', dimensions: ['workspace'] },
  /** Requests charged as the most expensive model, since theirs has no price. */
  UnpricedRequests: { unit: 'Count', dimensions: ['workspace'] },
} as const satisfies Record<string, MetricKind>;

export type MetricName = keyof typeof METRICS;

/** Whose requests went to whom, as a dimension: CloudWatch charges for each way in use. */
export function overflowWay(workspace: string, lender: string): string {
  return `${workspace} to ${lender}`;
}

/** In place of a workspace where more than one is concerned, in alerts, findings and metrics. */
export const ORGANIZATION = 'organization';

/** How a rotation ended: with a first key, a key that replaced another, or one that did not work. */
export const ROTATION_OUTCOMES = ['provisioned', 'replaced', 'withdrawn'] as const;
export type RotationOutcome = (typeof ROTATION_OUTCOMES)[number];

/** How a retirement ended; in operator mode an operator revokes, which is not always seen. */
export const RETIREMENT_OUTCOMES = [
  'revoked',
  'rolled-back',
  'kept',
  'not-verified',
  'failed',
] as const;
export type RetirementOutcome = (typeof RETIREMENT_OUTCOMES)[number];
