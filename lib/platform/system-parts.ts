import type { AdminKeySecret } from '../keys/admin-key-secret.js';
import type { AlertTopic } from '../operations/alert-topic.js';
import type { EncryptionKey } from './encryption-key.js';
import type { PolicyBundle } from './policy-bundle.js';
import type { RecordsTable } from './records-table.js';

/** What the parts of the system share; each part names what it needs of it. */
export interface SystemParts {
  /** Carried by every function beside its code. */
  readonly policy: PolicyBundle;
  /** `undefined` in operator mode, which has no Admin API. */
  readonly adminKey: AdminKeySecret | undefined;
  /** Encrypts the managed secrets. */
  readonly encryptionKey: EncryptionKey;
  readonly alertTopic: AlertTopic;
  readonly recordsTable: RecordsTable;
}
