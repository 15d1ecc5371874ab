import type { AlertTopic } from '../../governance/alerts/alert-topic.aws.js';
import type { Journal } from '../../governance/keys/journal.aws.js';
import type { KeyInspector } from '../../governance/keys/key-inspector.js';
import type { RotationCounts } from '../../governance/keys/outcome-counts.js';
import type { Retirements } from '../../governance/keys/retirements.aws.js';
import type { SecretState } from '../../governance/keys/rotation.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { KeySource } from '../../governance/mistral/key-source.js';
import type { Log } from '../../governance/platform/log.js';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';

export interface RotationDeps {
  readonly policy: Policy;
  readonly secrets: SecretVersions;
  readonly keySource: KeySource;
  readonly inspector: KeyInspector;
  readonly retirements: Retirements;
  readonly alerts: AlertTopic;
  readonly journal: Journal;
  readonly counts: RotationCounts;
  readonly log: Log;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** What it takes to put a key in charge, whoever made it. */
export type FinishDeps = Omit<RotationDeps, 'keySource' | 'inspector' | 'sleep'>;

/** One rotation of one secret, as a step of it sees it. */
export interface Rotation {
  readonly secret: SecretState;
  /** The version this rotation makes: Secrets Manager's ClientRequestToken. */
  readonly versionId: string;
  readonly rotationToken: string | undefined;
  readonly planned: PlannedKey;
  /** Whether the key in charge has leaked, so that its end waits for nobody. */
  readonly isCompromised: boolean;
  readonly remainingMs: () => number;
}
