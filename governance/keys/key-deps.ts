import type { AlertPublisher } from '../alerts/alert-publisher.aws.js';
import type { KeyProber } from '../mistral/key-prober.js';
import type { KeySource } from '../mistral/key-source.js';
import type { Log } from '../platform/log.js';
import type { Policy } from '../policy/policy.js';
import type { Journal } from './journal.aws.js';
import type { KeyInspector } from './key-inspector.js';
import type { Retirements } from './retirements.aws.js';
import type { SecretVersions } from './secret-versions.aws.js';

/** What the functions around keys are given, of which each picks what it needs. */
export interface KeyDeps {
  readonly policy: Policy;
  /** For reading; what writes asks for more. */
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly keySource: Pick<KeySource, 'delete'>;
  readonly prober: KeyProber;
  readonly inspector: KeyInspector;
  readonly retirements: Pick<Retirements, 'start'>;
  readonly alerts: AlertPublisher;
  readonly journal: Journal;
  readonly log: Log;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}
