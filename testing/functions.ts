import { createHash } from 'node:crypto';
import { packageVersion } from '../governance/platform/package-version.js';
import type { MeasuringRuntime } from '../governance/policy/function-runtime.js';
import { wireConfirmRevocation } from '../lambdas/confirm-revocation/wiring.js';
import { wireKeyRotation } from '../lambdas/key-rotation/wiring.js';
import { wireNightlyAudit } from '../lambdas/nightly-audit/wiring.js';
import { wireNotifyOnCall } from '../lambdas/notify-on-call/wiring.js';
import { wireProvideSecret } from '../lambdas/provide-secret/wiring.js';
import { wireProvisionKeys } from '../lambdas/provision-keys/wiring.js';
import { wireRefreshConsumers } from '../lambdas/refresh-consumers/wiring.js';
import { wireRequestKeys } from '../lambdas/request-keys/wiring.js';
import { wireRevokeKey } from '../lambdas/revoke-key/wiring.js';
import { wireRollBackKey } from '../lambdas/roll-back-key/wiring.js';
import { wireSpendMonitor } from '../lambdas/spend-monitor/wiring.js';
import { wireVerifyDeletion } from '../lambdas/verify-deletion/wiring.js';
import { wireVerifyRetirement } from '../lambdas/verify-retirement/wiring.js';
import { LOCAL_ALERTS, localAws, PATIENCE_MS, PATIENT_CLIENT } from './aws.js';
import type { VirtualClock } from './clock.js';

export const EVIDENCE_BUCKET = 'evidence-of-the-local-run';

export const ROTATION_FUNCTION_ARN = 'arn:aws:lambda:eu-west-1:111122223333:function:rotation';

export interface LocalFunctionsOptions extends Pick<MeasuringRuntime, 'policy' | 'log'> {
  /** The address of all remote systems. */
  readonly url: string;
  readonly clock: VirtualClock;
  readonly tableName: string;
  /** @default none: nothing is metered */
  readonly quotaTableName?: string;
  /** @default the table of records: no keys of both are alike */
  readonly objectsTableName?: string | undefined;
  readonly stateMachineArn: string;
  /** Timeouts and attempts of calls to AWS. @default as deployed, with longer timeouts */
  readonly awsClient?: Pick<MeasuringRuntime['aws'], 'maxAttempts' | 'requestHandler'>;
  /** The same for Mistral. */
  readonly mistral?: MeasuringRuntime['mistral'];
}

/** Every function, wired as deployed, with local addresses and a virtual clock. */
export function createLocalFunctions(options: LocalFunctionsOptions) {
  const { policy, url, clock, log, awsClient = PATIENT_CLIENT } = options;
  const { now, sleep } = clock;
  const runtime: MeasuringRuntime = {
    env: {
      ...LOCAL_ALERTS,
      AWS_ENDPOINT_URL_S3: url,
      AWS_LAMBDA_FUNCTION_NAME: 'SpendMonitor',
      EVIDENCE_BUCKET_NAME: EVIDENCE_BUCKET,
      PRODUCT_VERSION: packageVersion(import.meta.dirname),
      POLICY_SHA256: createHash('sha256').update(JSON.stringify(policy)).digest('hex'),
      QUOTA_TABLE_NAME: options.quotaTableName ?? 'no quotas here',
      OBJECTS_TABLE_NAME: options.objectsTableName ?? options.tableName,
      RECORDS_TABLE_NAME: options.tableName,
      ROTATION_FUNCTION_ARN,
      RETIREMENT_STATE_MACHINE_ARN: options.stateMachineArn,
    },
    policy: { ...policy, mistral: { ...policy.mistral, apiUrl: url, adminUrl: `${url}/v1/admin` } },
    aws: { ...awsClient, ...localAws(url) },
    mistral: { now, sleep, timeoutMs: PATIENCE_MS, ...options.mistral },
    log,
    metrics: { write() {} },
    now,
    sleep,
  };
  return {
    keyRotation: onceCalled(() => wireKeyRotation(runtime)),
    nightlyAudit: onceCalled(() => wireNightlyAudit(runtime)),
    provideSecret: onceCalled(() => wireProvideSecret(runtime)),
    requestKeys: onceCalled(() => wireRequestKeys(runtime)),
    provisionKeys: onceCalled(() => wireProvisionKeys(runtime)),
    verifyRetirement: onceCalled(() => wireVerifyRetirement(runtime)),
    verifyDeletion: onceCalled(() => wireVerifyDeletion(runtime)),
    revokeKey: onceCalled(() => wireRevokeKey(runtime)),
    confirmRevocation: onceCalled(() => wireConfirmRevocation(runtime)),
    rollBackKey: onceCalled(() => wireRollBackKey(runtime)),
    spendMonitor: onceCalled(() => wireSpendMonitor(runtime)),
    refreshConsumers: onceCalled(() => wireRefreshConsumers(runtime)),
    notifyOnCall: onceCalled(() => wireNotifyOnCall(runtime)),
  };
}

/** Starts a function at its first call and keeps it, because few tests need all functions. */
function onceCalled<Call extends unknown[], Answer>(
  wire: () => (...call: Call) => Answer,
): (...call: Call) => Answer {
  let handler: ((...call: Call) => Answer) | undefined;
  return (...call) => {
    handler ??= wire();
    return handler(...call);
  };
}
