import type { JobStores } from '../governance/metering/batch/job-records.aws.js';
import type { LiveAccess } from '../governance/metering/live-access.js';
import type { Metering } from '../governance/metering/metering.js';
import type { UnawaitedLimits } from '../governance/metering/unawaited-answers.js';
import type { UsageRecord } from '../governance/metering/usage-record.js';
import type { WorkspaceKeys } from '../governance/metering/workspace-keys.js';
import type { Ownership } from '../governance/objects/ownership.js';
import type { Log } from '../governance/platform/log.js';
import type { Policy } from '../governance/policy/policy.js';
import type { QuotaHolder } from '../governance/quotas/quota.js';
import type { GatewayMetrics, OverflowMetrics } from './gateway-metrics.js';
import type { Upstream } from './upstream.js';

/** All that requests work with. */
export interface GatewayDeps {
  readonly policy: Pick<Policy, 'workspaces' | 'gateway'>;
  readonly upstream: Upstream;
  readonly access: Omit<LiveAccess, 'refresh'>;
  readonly metering: Metering;
  readonly quotas: Pick<QuotaHolder, 'left' | 'readLeft'>;
  /** @default refused requests are not recorded */
  readonly record?: Pick<UsageRecord, 'refused'> | undefined;
  readonly keys: WorkspaceKeys;
  /** @default none: requests about files, conversations and batch jobs are refused */
  readonly objects?: Ownership | undefined;
  /** Kept with the objects. */
  readonly jobs?: JobStores | undefined;
  readonly alerts: GatewayAlerts;
  readonly metrics: Pick<GatewayMetrics, 'ended' | 'refused'> & Partial<OverflowMetrics>;
  readonly log: Log;
  readonly now: () => Date;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly random: () => number;
  /** @default `UNAWAITED_LIMITS` */
  readonly unawaited?: UnawaitedLimits | undefined;
}

/** Notifies on-call, and programs. */
export interface GatewayAlerts {
  /** Mistral rejects the key of a workspace, also after the secret was read again. */
  unauthorized(workspace: string): void;
  /** The policy does not let in a caller. @default not reported */
  callerRefused?(callerArn: string, code: string): void;
}
