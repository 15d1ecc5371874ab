import type { AlertTopic } from '../adapters/alert-topic.js';
import type { Journal } from '../adapters/journal.js';
import type { KeyInspector } from '../adapters/key-inspector.js';
import type { KeySource } from '../adapters/key-source.js';
import type { Log } from '../adapters/log.js';
import type { RotationCounts } from '../adapters/outcome-counts.js';
import type { Retirements } from '../adapters/retirements.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import type { PlannedKey } from '../domain/planned-keys.js';
import type { Policy } from '../domain/policy.js';
import type { SecretState } from '../domain/rotation.js';

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
