import { randomBytes } from 'node:crypto';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Log } from '../governance/platform/log.js';
import { isPlanned, plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { AuditSummary } from '../lambdas/nightly-audit/handler.js';
import type { SpendSummary } from '../lambdas/spend-monitor/handler.js';
import { createVirtualClock, type VirtualClock } from './clock.js';
import type { Definition } from './definition.js';
import type { LocalDynamo } from './dynamo.js';
import { type AlertInbox, createAlertInbox, type PublishedMessage } from './fakes/alert-inbox.js';
import { createExecutions, type Executions } from './fakes/executions.js';
import type { InvokedFunction } from './fakes/lambda-invoke.js';
import { createFakeKeys, type FakeKeysOptions } from './fakes/mistral-keys.js';
import { createFakeMistral, FAKE_MODELS, type FakeMistral } from './fakes/mistral-server.js';
import { createObjectStore, type ObjectStore } from './fakes/object-store.js';
import { createSecretStore, type SecretStore } from './fakes/secret-store.js';
import { createLocalFunctions, type LocalFunctionsOptions } from './functions.js';
import { type Connect, type Gate, type Network, openNetwork } from './network.js';
import { createFlowRunner } from './run-flow.js';
import { createSecretRotation, type RotationRecord } from './secret-rotation.js';
import { recordSupplied } from './supplied-rotations.js';

export interface WorldOptions
  extends Pick<
      LocalFunctionsOptions,
      'policy' | 'tableName' | 'quotaTableName' | 'awsClient' | 'mistral'
    >,
    Omit<FakeKeysOptions, 'now'> {
  readonly start: Date;
  readonly definition: Definition;
  readonly dynamo: Pick<LocalDynamo, 'answer'>;
  readonly log: Log;
  /** How calls get to what answers them. @default over HTTP on loopback */
  readonly connect?: Connect;
  /** Sees every call that a function of ours makes. @default lets each pass */
  readonly gate?: Gate;
  /** Around every invocation of a function of ours. @default the invocation alone */
  readonly around?: <T>(invoke: () => Promise<T>) => Promise<T>;
  readonly onMessage?: (message: PublishedMessage) => void;
}

/** An account at AWS and an organization at Mistral on this machine, with this product deployed. */
export interface World {
  readonly policy: Policy;
  readonly clock: VirtualClock;
  readonly mistral: FakeMistral;
  readonly secrets: SecretStore;
  readonly inbox: AlertInbox;
  readonly executions: Executions;
  readonly objects: ObjectStore;
  readonly rotations: readonly RotationRecord[];
  /** Ids of workspaces that Mistral answers 429 to. */
  readonly throttled: Set<string>;
  /** Where everything remote is for others than our functions, past the gate. */
  readonly url: string;
  /** A process of ours that is no function, such as the command line: the gate sees its calls too. */
  runProcess<T>(act: (network: Network) => Promise<T>): Promise<T>;
  /** What the end of a deploy does. */
  provision(): Promise<void>;
  /** `cdk deploy` with another policy, which takes schedules away only when all else is done. */
  deploy(policy: Policy): Promise<void>;
  /** `aws secretsmanager rotate-secret`. */
  askForRotation(secretName: string): void;
  /** The same, and all that it leads to at once. */
  rotate(secretName: string): Promise<void>;
  audit(): Promise<AuditSummary>;
  monitorSpend(): Promise<SpendSummary>;
  close(): Promise<void>;
}

const LAMBDA_TIMEOUT_MS = 15 * 60_000;

export async function createWorld(options: WorldOptions): Promise<World> {
  const { dynamo, around = (invoke) => invoke(), onMessage } = options;
  let { policy } = options;
  const clock = createVirtualClock(options.start);
  const { now } = clock;
  const isSupplied = policy.mistral.keySource === 'operator';

  const throttled = new Set<string>();
  const adminKey = randomBytes(24).toString('base64url');
  const mistral = createFakeMistral(
    createFakeKeys({ ...options, now }),
    {
      workspaces: policy.workspaces,
      requestsPerSecond: 100,
      monthlyLimitReached: false,
      monthlyLimitUsd: 5000,
      models: FAKE_MODELS,
      throttled,
    },
    adminKey,
    now,
  );
  const inbox = createAlertInbox(now, onMessage);
  const executions = createExecutions(now, (execution) => {
    clock.at(now(), () => runFlow(execution));
  });
  const secrets = createSecretStore(now, (secret, versionId) => rotation.start(secret, versionId));
  const invoke: InvokedFunction = (event) => supplied.invoke(event);
  const objects = createObjectStore(now);
  const systems = { mistral, secrets, inbox, executions, objects, invoke, dynamo };
  const network = await openNetwork(systems, options.gate, options.connect);
  const outside = await openNetwork(systems, undefined, options.connect);
  const functionsFor = (deployed: Policy) =>
    createLocalFunctions({
      ...options,
      policy: deployed,
      ...reachedBy(network, options),
      clock,
      stateMachineArn: executions.stateMachineArn,
    });
  let functions = functionsFor(policy);

  const rotationFunction: InvokedFunction = (event) =>
    around(() => {
      const deadline = now().getTime() + LAMBDA_TIMEOUT_MS;
      const getRemainingTimeInMillis = () => deadline - now().getTime();
      return functions.keyRotation(event, { getRemainingTimeInMillis });
    });
  const rotation = createSecretRotation(clock, rotationFunction, () => secrets);
  const supplied = recordSupplied(clock, rotationFunction);
  const runFlow = createFlowRunner({
    definition: options.definition,
    clock,
    stateMachineArn: executions.stateMachineArn,
    tasks: {
      FunctionsVerify: (input) =>
        around<unknown>(() =>
          isSupplied ? functions.verifyDeletion(input) : functions.verifyRetirement(input),
        ),
      FunctionsRevoke: (input) => around(() => functions.revokeKey(input)),
      FunctionsConfirm: (input) => around(() => functions.confirmRevocation(input)),
      FunctionsRollBack: (input) => around(() => functions.rollBackKey(input)),
      FunctionsTell: (input) => around(() => functions.tellOnCall(input)),
    },
  });

  if (!isSupplied) secrets.create(policy.mistral.adminKeySecret, { value: adminKey });
  makeSecrets();

  function makeSecrets(): void {
    const existing = new Map(secrets.all().map((secret) => [secret.name, secret]));
    for (const { secretName, key } of plannedKeys(policy)) {
      const rotateEveryDays = isSupplied ? undefined : key.rotateEveryDays;
      const secret = existing.get(secretName) ?? secrets.create(secretName, { rotateEveryDays });
      secret.rotateEveryDays = rotateEveryDays;
    }
  }

  function cancelRotations(): void {
    for (const secret of secrets.all()) {
      if (isPlanned(policy, secret.name)) continue;
      secret.rotateEveryDays = undefined;
      secret.nextRotationAt = undefined;
    }
  }

  async function endDeploy(): Promise<void> {
    await around<unknown>(() => (isSupplied ? functions.askForKeys() : functions.provisionKeys()));
  }

  function askForRotation(secretName: string): void {
    secrets.operations.RotateSecret?.({ SecretId: secretName });
  }

  return {
    get policy() {
      return policy;
    },
    clock,
    mistral,
    secrets,
    inbox,
    executions,
    objects,
    rotations: isSupplied ? supplied.records : rotation.records,
    throttled,
    url: outside.url,

    runProcess: (act) => around(() => act(network)),
    provision: endDeploy,

    async deploy(changed) {
      functions.close();
      policy = changed;
      functions = functionsFor(changed);
      makeSecrets();
      await endDeploy();
      cancelRotations();
    },

    askForRotation,

    async rotate(secretName) {
      askForRotation(secretName);
      await clock.playUntil(now());
    },

    audit: () => around(() => functions.nightlyAudit()),
    monitorSpend: () => around(() => functions.spendMonitor()),

    async close() {
      functions.close();
      await Promise.all([network.close(), outside.close()]);
    },
  };
}

/** How our functions reach a network. */
function reachedBy(
  { url, aws, fetch }: Network,
  { awsClient, mistral }: WorldOptions,
): Pick<LocalFunctionsOptions, 'url' | 'awsClient' | 'mistral'> {
  const maxAttempts = awsClient?.maxAttempts ?? AWS_CLIENT.maxAttempts;
  return {
    url,
    awsClient: aws ? { maxAttempts, ...aws } : awsClient,
    mistral: fetch ? { ...mistral, fetch } : mistral,
  };
}
