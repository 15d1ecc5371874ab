import type { Alert } from '../domain/alert.js';

export interface AlertTopic {
  publish(alert: Alert): Promise<void>;
}
