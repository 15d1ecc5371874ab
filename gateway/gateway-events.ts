import type { StateEvent } from '../governance/alerts/state-event.js';
import { ORGANIZATION } from '../governance/platform/metrics.js';
import type { RefusedCaller } from './refused-callers.js';

/** The gateway refused a caller that the policy does not let in. */
export function callerRefused(refused: RefusedCaller, at: Date): StateEvent {
  const { callerArn, code, identity, hour } = refused;
  const threadId = `caller-refused-${identity}`;
  return {
    id: `${threadId}/${hour.toISOString()}`,
    at,
    workspace: ORGANIZATION,
    threadId,
    severity: 'warning',
    summary: `The gateway refused ${callerArn} (${code})`,
    change: { type: 'caller-refused', callerArn, code },
  };
}
