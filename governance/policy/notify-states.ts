/** The state of the retirement flow that notifies on-call of an event: what on-call reads in the console. */
export const NOTIFY_STATES = {
  'not-refreshed': 'Notify: consumers not refreshed',
  'key-in-use': 'Notify: key still in use',
  'approval-needed': 'Notify: approval needed',
  'both-keys-rejected': 'Notify: both keys rejected',
  'rolled-back': 'Notify: rotation rolled back',
  revoked: 'Notify: key revoked',
  kept: 'Notify: key kept',
  failed: 'Notify: retirement failed',
  'deletion-needed': 'Notify: deletion needed',
  'current-key-rejected': 'Notify: current key rejected',
  deleted: 'Notify: key deleted',
  'not-verified': 'Notify: deletion not verified',
} as const;

export type RetirementEvent = keyof typeof NOTIFY_STATES;
