import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { createAlertTopic } from '../governance/alerts/alert-topic.aws.js';
import { createEvidenceStore } from '../governance/audit/evidence-store.aws.js';
import { createFindingStore } from '../governance/audit/finding-store.aws.js';
import { createJournal } from '../governance/keys/journal.aws.js';
import { createKeyInspector } from '../governance/keys/key-inspector.js';
import { createManagedSecrets } from '../governance/keys/managed-secrets.aws.js';
import { createModelCatalog } from '../governance/keys/model-catalog.js';
import { createRetirements } from '../governance/keys/retirements.aws.js';
import { createSecretRegister } from '../governance/keys/secret-register.aws.js';
import { createSecretRotations } from '../governance/keys/secret-rotations.aws.js';
import { createSecretVersions } from '../governance/keys/secret-versions.aws.js';
import { createAdminApi, createMistral, createProber } from '../governance/mistral/client.aws.js';
import type { MistralHttpOptions } from '../governance/mistral/mistral-http.js';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Log } from '../governance/platform/log.js';
import type { Policy } from '../governance/policy/policy.js';
import { createQuotaCounters } from '../governance/quotas/quota-counters.aws.js';
import { createQuotaTotals } from '../governance/quotas/quota-totals.js';
import { createSpendMemory } from '../governance/spend/spend-memory.aws.js';
import { createAskForKeysHandler } from '../lambdas/ask-for-keys/handler.js';
import { createConfirmRevocationHandler } from '../lambdas/confirm-revocation/handler.js';
import { createKeyRotationHandler } from '../lambdas/key-rotation/handler.js';
import { createSupplyHandler } from '../lambdas/key-rotation/supply-handler.js';
import { createNightlyAuditHandler } from '../lambdas/nightly-audit/handler.js';
import { createProvisionKeysHandler } from '../lambdas/provision-keys/handler.js';
import { createRevokeKeyHandler } from '../lambdas/revoke-key/handler.js';
import { createRollBackKeyHandler } from '../lambdas/roll-back-key/handler.js';
import { createSpendMonitorHandler } from '../lambdas/spend-monitor/handler.js';
import { createTellOnCallHandler } from '../lambdas/tell-on-call/handler.js';
import { createVerifyDeletionHandler } from '../lambdas/verify-deletion/handler.js';
import { createVerifyRetirementHandler } from '../lambdas/verify-retirement/handler.js';
import { localAws } from './aws.js';
import type { VirtualClock } from './clock.js';

const LOCAL_BUCKET = 'evidence-of-the-local-run';

export interface LocalFunctionsOptions {
  readonly policy: Policy;
  /** The address behind which everything remote is. */
  readonly url: string;
  readonly clock: VirtualClock;
  readonly log: Log;
  readonly tableName: string;
  /** @default none: nothing is metered */
  readonly quotaTableName?: string;
  readonly stateMachineArn: string;
  /** @default as deployed */
  readonly awsClient?: {
    readonly maxAttempts: number;
    readonly requestHandler: Readonly<Record<string, unknown>> & {
      readonly requestTimeout: number;
    };
  };
  readonly mistral?: MistralHttpOptions;
}

/** The local twin of every `entry.ts`: the same handlers and clients, against local addresses. */
export function createLocalFunctions(options: LocalFunctionsOptions) {
  const { url, clock, log, awsClient = AWS_CLIENT, tableName, stateMachineArn } = options;
  const { quotaTableName = 'no quotas here' } = options;
  const aws = { ...awsClient, ...localAws(url) };
  const policy: Policy = {
    ...options.policy,
    mistral: { ...options.policy.mistral, apiUrl: url, adminUrl: `${url}/v1/admin` },
  };
  const secretsManager = new SecretsManagerClient(aws);
  const sns = new SNSClient(aws);
  const stepFunctions = new SFNClient(aws);
  const dynamo = new DynamoDBClient(aws);

  const { now, sleep } = clock;
  const http = { now, sleep, ...options.mistral };
  const adminApi = createAdminApi(policy, secretsManager, http);
  const prober = createProber(policy, http);
  // Some of what is made below is not there without the Admin API, and then never called.
  const mistral = createMistral(policy, secretsManager, http);
  const { keySource } = mistral;
  const inspector = createKeyInspector(mistral);
  const secrets = createSecretVersions(secretsManager);
  const retirements = createRetirements(stepFunctions, stateMachineArn);
  const alerts = createAlertTopic(sns, 'arn:aws:sns:local', policy.alerts.runbookUrl);
  const journal = createJournal(dynamo, tableName);

  const findingStore = createFindingStore(dynamo, tableName);
  const rotation = {
    policy,
    secrets,
    retirements,
    alerts,
    journal,
    counts: { count() {} },
    log,
    now,
  };

  return {
    keyRotation: adminApi
      ? createKeyRotationHandler({ ...rotation, ...adminApi, inspector, sleep })
      : createSupplyHandler({ ...rotation, prober }),
    nightlyAudit: createNightlyAuditHandler({
      policy,
      keySource: adminApi?.keySource,
      organization: adminApi?.organization,
      secrets,
      managedSecrets: createManagedSecrets(secretsManager),
      retirements,
      models: createModelCatalog(secrets, prober),
      findingStore,
      evidence: createEvidenceStore({
        bucketName: LOCAL_BUCKET,
        aws: secretsManager,
        endpoint: url,
        timeoutMs: awsClient.requestHandler.requestTimeout,
        maxAttempts: awsClient.maxAttempts,
        fetch: options.mistral?.fetch,
        now,
        sleep,
      }),
      alerts,
      metrics: { record() {} },
      log,
      now,
    }),
    askForKeys: createAskForKeysHandler({
      policy,
      secrets,
      findingStore,
      register: createSecretRegister(dynamo, tableName),
      retirements,
      alerts,
      log,
      now,
    }),
    provisionKeys: createProvisionKeysHandler({
      policy,
      secrets,
      rotations: createSecretRotations(secretsManager),
      register: createSecretRegister(dynamo, tableName),
      retirements,
      log,
      now,
      sleep,
    }),
    verifyRetirement: createVerifyRetirementHandler({
      policy,
      secrets,
      inspector,
      prober,
      log,
      now,
    }),
    verifyDeletion: createVerifyDeletionHandler({ policy, secrets, prober, log, now }),
    revokeKey: createRevokeKeyHandler({ policy, secrets, keySource, log }),
    confirmRevocation: createConfirmRevocationHandler({ secrets, inspector, prober }),
    rollBackKey: createRollBackKeyHandler({ secrets, keySource, log }),
    spendMonitor: createSpendMonitorHandler({
      policy,
      organization: adminApi?.organization,
      quotaTotals: createQuotaTotals(createQuotaCounters(dynamo, quotaTableName)),
      memory: createSpendMemory(dynamo, tableName),
      metrics: { record() {} },
      alerts,
      log,
      quotaTableName,
      functionName: 'SpendMonitor',
      now,
    }),
    tellOnCall: createTellOnCallHandler({
      alerts,
      journal,
      counts: { count() {} },
      log,
      now,
    }),
    close() {
      for (const client of [secretsManager, sns, stepFunctions, dynamo]) client.destroy();
    },
  };
}
