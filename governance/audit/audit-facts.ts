import type { SecretState } from '../keys/rotation.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import type { WorkspaceNames } from './key-findings.js';

/** What is known before the first key is seen. */
export interface AuditFacts {
  readonly planned: readonly PlannedKey[];
  /** By name; those that could not be described are left out. */
  readonly secrets: ReadonlyMap<string, SecretState>;
  /** Ids of the keys that a running retirement will revoke; `undefined` where that is not known. */
  readonly retiring: ReadonlySet<string> | undefined;
  readonly workspaceNames: WorkspaceNames;
}

/** What is known after the last one. */
export interface AuditView {
  /** Whether every key was seen. */
  readonly complete: boolean;
  /** Secrets whose labels changed meanwhile: nothing is said about the keys they refer to. */
  readonly moving: ReadonlySet<string>;
}
