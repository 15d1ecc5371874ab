import type { KeyDeps } from '../../governance/keys/key-deps.js';
import type { RetirementCounts } from '../../governance/keys/outcome-counts.js';
import { readNotice } from '../../governance/keys/retirement-events.js';

export interface NotifyOnCallDeps
  extends Pick<KeyDeps, 'policy' | 'alerts' | 'journal' | 'log' | 'now'> {
  readonly counts: RetirementCounts;
}

/** Task of the retirement flow: notifies on-call of an event, and records it. */
export function createNotifyOnCallHandler(deps: NotifyOnCallDeps) {
  return async (input: unknown): Promise<void> => {
    const { secretName, alert, outcome } = readNotice(input, deps.now(), deps.policy);
    await deps.alerts.publish(alert);
    // The flow tries again what fails, and would send the alert a second time.
    await deps.journal.record(secretName, alert).catch((error: unknown) => {
      deps.log.error('history not written', { type: alert.type, secret: secretName, error });
    });
    if (outcome) deps.counts.count(outcome);
  };
}
