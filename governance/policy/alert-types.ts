export const ALERT_TYPES = [
  'audit-digest',
  'rotation-succeeded',
  'rotation-failed',
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
  'gateway-unauthorized',
  'key-needed',
  'deletion-needed',
] as const;

export type AlertType = (typeof ALERT_TYPES)[number];
