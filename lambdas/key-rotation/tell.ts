import type { Alert } from '../domain/alert.js';
import type { RotationDeps } from './rotation.js';

/** Records and publishes. What cannot be told is logged: it must not undo or repeat a rotation. */
export async function tell(deps: RotationDeps, secretName: string, alert: Alert): Promise<void> {
  try {
    await deps.alerts.publish(alert);
    await deps.journal.record(secretName, alert);
  } catch (error) {
    deps.log.error('alert not sent', { type: alert.type, secret: secretName, error });
  }
}
