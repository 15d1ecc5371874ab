import type { Log } from '../adapters/log.js';
import type { ModelDirectory } from '../domain/access.js';
import type { Workspace } from '../domain/policy.js';
import type { Authorize, Metering } from '../metering/metering.js';
import type { WorkspaceKeys } from '../metering/workspace-keys.js';
import type { Upstream } from './upstream.js';

/** Told to on-call, by whatever means the deployment has. */
export interface GatewayAlerts {
  /** Mistral refuses a workspace's key, even read afresh. Called again at most every few minutes. */
  unauthorized(workspace: string): void;
}

/** What every exchange works with. */
export interface GatewayContext {
  readonly authorize: Authorize;
  readonly metering: Metering;
  readonly keys: WorkspaceKeys;
  readonly models: ModelDirectory;
  readonly workspaces: readonly Workspace[];
  readonly upstream: Upstream;
  readonly alerts: GatewayAlerts;
  readonly log: Log;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
  /** How long a request may wait in all for Mistral's rate limit before it goes elsewhere. */
  readonly backoffMs: number;
  /** How long a caller may read nothing of an answer that waits for it. */
  readonly stallMs: number;
}
