import type { ModelDirectory } from '../governance/access/model-directory.js';
import type { Authorize, Metering } from '../governance/metering/metering.js';
import type { ProblemCode } from '../governance/metering/problem.js';
import type { WorkspaceKeys } from '../governance/metering/workspace-keys.js';
import type { Log } from '../governance/platform/log.js';
import type { Workspace } from '../governance/policy/policy.js';
import type { GatewayMetrics } from './gateway-metrics.js';
import type { Upstream } from './upstream.js';

/** Told to on-call, by whatever means the deployment has. */
export interface GatewayAlerts {
  /** Mistral refuses a workspace's key, even read afresh. Called again at most every few minutes. */
  unauthorized(workspace: string): void;
}

/** How a request ended: in a problem of ours, or so. */
export type RequestOutcome =
  | ProblemCode
  | 'answered'
  /** An error of Mistral's about the request itself, passed on in its own words. */
  | 'refused_by_mistral'
  /** After the caller had some of the answer. */
  | 'broken_off'
  | 'caller_gone';

/** What every exchange works with. */
export interface GatewayContext {
  readonly authorize: Authorize;
  readonly metering: Metering;
  readonly keys: WorkspaceKeys;
  readonly models: ModelDirectory;
  readonly workspaces: readonly Workspace[];
  readonly upstream: Upstream;
  readonly alerts: GatewayAlerts;
  readonly metrics: Pick<GatewayMetrics, 'ended' | 'refused'>;
  readonly log: Log;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
  /** How long a request may wait in all for Mistral's rate limit before it goes elsewhere. */
  readonly backoffMs: number;
  /** How long a caller may read nothing of an answer that waits for it. */
  readonly stallMs: number;
}
