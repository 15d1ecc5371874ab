import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import type { Journal } from '../../governance/keys/journal.aws.js';
import type { RetirementCounts } from '../../governance/keys/outcome-counts.js';
import { readNotice } from '../../governance/keys/retirement-events.js';
import type { Log } from '../../governance/platform/log.js';

export interface NotifyOnCallDeps {
  readonly alerts: AlertTopic;
  readonly journal: Journal;
  readonly log: Log;
  readonly counts: RetirementCounts;
  readonly now: () => Date;
}

/** Task of the retirement flow: notifies on-call of an event, and records it. */
export function createNotifyOnCallHandler(deps: NotifyOnCallDeps) {
  return async (input: unknown): Promise<void> => {
    const { secretName, alert, outcome } = readNotice(input, deps.now());
    await deps.alerts.publish(alert);
    // The flow tries again what fails, and would send the alert a second time.
    await deps.journal.record(secretName, alert).catch((error: unknown) => {
      deps.log.error('history not written', { type: alert.type, secret: secretName, error });
    });
    if (outcome) deps.counts.count(outcome);
  };
}
