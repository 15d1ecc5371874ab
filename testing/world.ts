import { randomBytes } from 'node:crypto';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Log } from '../governance/platform/log.js';
import { isExisting, isPlanned, plannedKeys } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { localAws } from './aws.js';
import { createVirtualClock } from './clock.js';
import type { Definition } from './definition.js';
import type { LocalDynamo } from './dynamo.js';
import { createExistingSecrets, OWN_ROLES } from './existing-secrets.js';
import { createAlertInbox, type PublishedMessage } from './fakes/alert-inbox.js';
import { createFakeConsumers } from './fakes/consumers.js';
import { createFakeEventBus } from './fakes/event-bus.js';
import { createExecutions } from './fakes/executions.js';
import type { InvokedFunction } from './fakes/lambda-invoke.js';
import { createFakeKeys, type FakeKeysOptions } from './fakes/mistral-keys.js';
import {
  createFakeMistral,
  type FakeOrganization,
  fakeOrganization,
} from './fakes/mistral-server.js';
import { createObjectStore } from './fakes/object-store.js';
import { createSecretStore, type FirstVersion } from './fakes/secret-store.js';
import { createLocalFunctions, type LocalFunctionsOptions } from './functions.js';
import { type Connect, type Interceptor, type Network, openNetwork } from './network.js';
import { createRotations } from './rotations.js';
import { createFlowRunner } from './run-flow.js';

export interface WorldOptions
  extends Pick<
      LocalFunctionsOptions,
      'policy' | 'tableName' | 'quotaTableName' | 'objectsTableName' | 'awsClient' | 'mistral'
    >,
    Omit<FakeKeysOptions, 'now'> {
  readonly start: Date;
  readonly definition: Definition;
  readonly dynamo: Pick<LocalDynamo, 'answer'>;
  readonly log: Log;
  /** @default the models of the shipped policy, billed in USD */
  readonly organization?: Pick<FakeOrganization, 'models' | 'currency'>;
  /** What Secrets Manager counts as a secret's first version. @default the empty one of a rotation */
  readonly firstVersion?: FirstVersion | undefined;
  /** How calls reach what answers them. @default over HTTP on loopback */
  readonly connect?: Connect;
  /** Sees every call that a function makes. @default lets each pass */
  readonly intercept?: Interceptor;
  /** Wraps every invocation of a function. @default the plain invocation */
  readonly around?: <T>(invoke: () => Promise<T>) => Promise<T>;
  readonly onMessage?: (message: PublishedMessage) => void;
}

const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const LAMBDA_TIMEOUT_MS = 15 * 60_000;

export type World = Awaited<ReturnType<typeof createWorld>>;

/** A local AWS account and Mistral organization, with this product deployed. */
export async function createWorld(options: WorldOptions) {
  const { dynamo, around = (invoke) => invoke(), onMessage } = options;
  let { policy } = options;
  const clock = createVirtualClock(options.start);
  const { now } = clock;
  const isOperatorMode = policy.mistral.keySource === 'operator';

  const throttled = new Set<string>();
  const adminKey = randomBytes(24).toString('base64url');
  const mistral = createFakeMistral(
    createFakeKeys({ ...options, now }),
    fakeOrganization(policy.workspaces, { throttled, ...options.organization }),
    adminKey,
    now,
  );
  const inbox = createAlertInbox(now, onMessage);
  const [events, consumers] = [createFakeEventBus(), createFakeConsumers(now)];
  const executions = createExecutions(now, (execution) => {
    clock.at(now(), () => runFlow(execution));
  });
  const secrets = createSecretStore(
    now,
    (secret, versionId) => rotations.start(secret, versionId),
    options.firstVersion,
  );
  const invoke: InvokedFunction = (event) => rotations.invoke(event);
  const objects = createObjectStore(now);
  const fakes = { mistral, secrets, inbox, events, consumers, executions, objects, invoke };
  const network = await openNetwork({ ...fakes, dynamo }, options.intercept, options.connect);
  const outside = await openNetwork({ ...fakes, dynamo }, undefined, options.connect);
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
  const rotations = createRotations(clock, rotationFunction, () => secrets);
  const runFlow = createFlowRunner({
    definition: options.definition,
    clock,
    stateMachineArn: executions.stateMachineArn,
    tasks: {
      FunctionsVerify: (input) =>
        around<unknown>(() =>
          isOperatorMode ? functions.verifyDeletion(input) : functions.verifyRetirement(input),
        ),
      FunctionsRevoke: (input) => around(() => functions.revokeKey(input)),
      FunctionsConfirm: (input) => around(() => functions.confirmRevocation(input)),
      FunctionsRollBack: (input) => around(() => functions.rollBackKey(input)),
      FunctionsRefresh: (input) => around<unknown>(() => functions.refreshConsumers(input)),
      FunctionsNotify: (input) => around(() => functions.notifyOnCall(input)),
    },
  });

  if (!isOperatorMode) secrets.create(policy.mistral.adminKeySecret, { value: adminKey });
  createSecrets();

  function createSecrets(): void {
    const existing = new Map(secrets.all().map((secret) => [secret.name, secret]));
    for (const { secretName, key } of plannedKeys(policy).filter((one) => !isExisting(one))) {
      const rotateEveryDays = isOperatorMode ? undefined : key.rotateEveryDays;
      const secret =
        existing.get(secretName) ??
        secrets.create(secretName, { rotateEveryDays, readers: [...key.readers, ...OWN_ROLES] });
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

  /** As CloudFormation does, with what the construct gives it. */
  async function subscribeAll(): Promise<void> {
    inbox.unsubscribeAll();
    const client = new SNSClient({ ...localAws(outside.url), ...outside.aws });
    for (const { protocol, endpoint, filter } of policy.alerts.subscriptions) {
      const Attributes = filter && { FilterPolicy: JSON.stringify(filter) };
      const subscription = { Protocol: protocol, Endpoint: endpoint, Attributes };
      await client.send(new SubscribeCommand({ TopicArn: TOPIC, ...subscription }));
    }
    client.destroy();
  }

  const existing = createExistingSecrets(secrets, (event) =>
    around(() => functions.provideSecret(event)),
  );

  async function endDeploy(): Promise<void> {
    await existing.takeOver(policy);
    await subscribeAll();
    await around<unknown>(() => (isOperatorMode ? functions.requestKeys() : provision()));
  }

  /** And again each hour, as the schedule does, while something waits: other runs change nothing. */
  async function provision(): Promise<void> {
    const { waiting } = await functions.provisionKeys();
    if (waiting.length === 0) return;
    clock.at(new Date(now().getTime() + 3_600_000), async () => {
      await around(provision).catch(() => undefined);
    });
  }

  /** `aws secretsmanager rotate-secret`. */
  function requestRotation(secretName: string): void {
    secrets.operations.RotateSecret?.({ SecretId: secretName });
  }

  return {
    get policy() {
      return policy;
    },
    /** Each as its callers invoke it, with any event. */
    get functions() {
      return functions;
    },
    clock,
    mistral,
    secrets,
    inbox,
    events,
    consumers,
    executions,
    objects,
    rotations: rotations.records,
    /** Ids of workspaces whose requests Mistral answers with 429. */
    throttled,
    /** The addresses of all remote systems without the interceptor, for code other than the functions. */
    url: outside.url,

    /** Another process of this product, such as the command line: the interceptor sees its calls too. */
    runProcess: <T>(act: (network: Network) => Promise<T>) => around(() => act(network)),

    /** The trigger at the end of a deploy. */
    provision: endDeploy,

    /** `cdk deploy` with another policy; it deletes schedules only at its end. */
    async deploy(changed: Policy): Promise<void> {
      policy = changed;
      functions = functionsFor(changed);
      createSecrets();
      await endDeploy();
      cancelRotations();
      await existing.letGo(policy);
    },

    requestRotation,

    /** Secrets Manager's trial of a schedule that does not rotate at once. */
    tryRotation: (secretName: string) => rotations.tryConfiguration(secrets.find(secretName)),

    /** The same, and everything that follows from it immediately. */
    async rotate(secretName: string): Promise<void> {
      requestRotation(secretName);
      await clock.playUntil(now());
    },

    audit: () => around(() => functions.nightlyAudit()),
    monitorSpend: () => around(() => functions.spendMonitor()),

    async close(): Promise<void> {
      await Promise.all([network.close(), outside.close()]);
    },
  };
}

/** How the functions reach a network. */
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
