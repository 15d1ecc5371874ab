export const ALERT_TYPES = [
  'audit-digest',
  'rotation-succeeded',
  'rotation-failed',
  'refresh-failed',
  'key-in-use',
  'key-revoked',
  'rolled-back',
  'approval-needed',
  'spend-threshold',
  'spend-forecast',
  'budget-exhausted',
  'reconciliation-drift',
  'overflow-lent',
  'currency-changed',
  'job-unsettled',
  'gateway-unauthorized',
  'key-needed',
  'deletion-needed',
] as const;

export type AlertType = (typeof ALERT_TYPES)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;

export type AlertSeverity = (typeof SEVERITIES)[number];

/** Those that alerts of each type can have. */
export const ALERT_SEVERITIES: Readonly<Record<AlertType, readonly AlertSeverity[]>> = {
  'audit-digest': SEVERITIES,
  'rotation-succeeded': ['info'],
  'rotation-failed': ['warning', 'critical'],
  'refresh-failed': ['warning', 'critical'],
  'key-in-use': ['warning'],
  'key-revoked': ['info'],
  'rolled-back': SEVERITIES,
  'approval-needed': ['warning'],
  'spend-threshold': ['info', 'warning'],
  'spend-forecast': ['warning'],
  'budget-exhausted': ['warning', 'critical'],
  'reconciliation-drift': ['warning'],
  'currency-changed': ['warning'],
  'overflow-lent': ['info', 'warning'],
  'job-unsettled': ['warning'],
  'gateway-unauthorized': ['critical'],
  'key-needed': ['warning', 'critical'],
  'deletion-needed': ['warning', 'critical'],
};

/** Others are always about one workspace. */
export const OF_ORGANIZATION: readonly AlertType[] = [
  'audit-digest',
  'reconciliation-drift',
  'currency-changed',
];
