import type { Alert } from '../../governance/alerts/alert.js';
import type { FinishDeps } from './rotation.js';

/** Publishes and records. What fails of it is logged: it must not undo or repeat a rotation. */
export async function tell(
  { alerts, journal, log }: Pick<FinishDeps, 'alerts' | 'journal' | 'log'>,
  secretName: string,
  alert: Alert,
): Promise<void> {
  const { type } = alert;
  await alerts.publish(alert).catch((error: unknown) => {
    log.error('alert not sent', { type, secret: secretName, error });
  });
  await journal.record(secretName, alert).catch((error: unknown) => {
    log.error('history not written', { type, secret: secretName, error });
  });
}
