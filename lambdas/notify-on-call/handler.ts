import type { KeyDeps } from '../../governance/keys/key-deps.js';
import type { RetirementCounts } from '../../governance/keys/outcome-counts.js';
import { readNotice } from '../../governance/keys/retirement-events.js';
import type { ExecutionStates } from '../../governance/keys/retirements.aws.js';
import { NotOfFlowError } from '../../governance/platform/errors.js';

export interface NotifyOnCallDeps
  extends Pick<KeyDeps, 'policy' | 'alerts' | 'journal' | 'log' | 'now'> {
  readonly counts: RetirementCounts;
  readonly executions: ExecutionStates;
}

/** Task of the retirement flow: notifies on-call of an event, and records it. */
export function createNotifyOnCallHandler(deps: NotifyOnCallDeps) {
  return async (input: unknown): Promise<void> => {
    const notice = readNotice(input, deps.now(), deps.policy);
    const { executionArn, secretName, alert, outcome } = notice;
    // Any input can be written by those who may invoke the function; the flow tries a late history again.
    if (!notice.isOf(await deps.executions.current(executionArn))) {
      throw new NotOfFlowError(`${executionArn} is not at ${alert.type} of ${secretName}`);
    }
    await deps.alerts.publish(alert);
    // The flow tries again what fails, and would send the alert a second time.
    await deps.journal.record(secretName, alert).catch((error: unknown) => {
      deps.log.error('history not written', { type: alert.type, secret: secretName, error });
    });
    if (outcome) deps.counts.count(outcome);
  };
}
