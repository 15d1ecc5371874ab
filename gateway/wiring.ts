import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { type AlertsEnv, originOf } from '../governance/alerts/alert-origin.js';
import {
  type AlertPublisher,
  createAlertPublisher,
} from '../governance/alerts/alert-publisher.aws.js';
import { createEventBus, type EventBus } from '../governance/alerts/event-bus.aws.js';
import { createGatewayKeyReader } from '../governance/keys/key-reader.aws.js';
import { createLedger } from '../governance/ledger/ledger.js';
import { createLedgerStore, type LedgerStore } from '../governance/ledger/ledger-store.aws.js';
import { connectJobStores } from '../governance/metering/batch/job-records.aws.js';
import { createLiveAccess } from '../governance/metering/live-access.js';
import { createMetering } from '../governance/metering/metering.js';
import { createTariff } from '../governance/metering/tariff.js';
import { noticeUnpriced } from '../governance/metering/unpriced-requests.js';
import { createUsageRecord } from '../governance/metering/usage-record.js';
import { createWorkspaceKeys, type WorkspaceKeys } from '../governance/metering/workspace-keys.js';
import { createObjectStore } from '../governance/objects/object-store.aws.js';
import type { ObjectStore } from '../governance/objects/objects.js';
import { Ownership } from '../governance/objects/ownership.js';
import type { MetricLines } from '../governance/platform/metric-lines.js';
import type { LoggingRuntime } from '../governance/policy/function-runtime.js';
import { gatewayWorkspaces } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { createPriceBook } from '../governance/prices/price-book.js';
import { createPriceFeed } from '../governance/prices/price-feed.js';
import {
  createPublishedPrices,
  type PublishedPrices,
} from '../governance/prices/published-prices.aws.js';
import {
  createQuotaCounters,
  type QuotaCounters,
} from '../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../governance/quotas/quota-holder.js';
import { createGateway, type Gateway } from './gateway.js';
import { gatewayKeyUnusable, gatewayUnauthorized } from './gateway-alerts.js';
import type { GatewayDeps } from './gateway-deps.js';
import { callerRefused } from './gateway-events.js';
import { createGatewayMetrics, type GatewayMetrics } from './gateway-metrics.js';
import { listModels } from './list-models.js';
import { createRefusedCallers } from './refused-callers.js';

/** What differs between the processes that run a gateway. */
interface GatewayProcess extends Pick<GatewayDeps, 'upstream' | 'log' | 'unawaited' | 'jobs'> {
  readonly policy: Policy;
  /** Unique for every process. */
  readonly holderId: string;
  /** For processes that are never frozen. @default counters are written by `flush` alone */
  readonly flushEverySeconds?: number;
}

export interface GatewayParts extends GatewayProcess {
  readonly keys: (onUnusable: (workspace: string) => void) => WorkspaceKeys;
  readonly counters: QuotaCounters;
  /** @default who used what is not kept */
  readonly ledger?: Pick<LedgerStore, 'write'> | undefined;
  /** @default none: requests about files, conversations and batch jobs are refused */
  readonly objects?: ObjectStore | undefined;
  readonly alerts: AlertPublisher;
  /** @default programs hear of nothing */
  readonly events?: EventBus | undefined;
  /** Read where the policy says that the bill's prices count. @default none are published */
  readonly publishedPrices?: Pick<PublishedPrices, 'read'>;
  /** @default nothing is measured */
  readonly metrics?: GatewayMetrics;
  /** @default the clock */
  readonly now?: () => Date;
}

export interface GatewayRuntime extends GatewayProcess, Pick<LoggingRuntime, 'aws' | 'now'> {
  readonly quotaTableName: string;
  /** @default none: requests about files, conversations and batch jobs are refused */
  readonly objectsTableName?: string | undefined;
  readonly alertsEnv: AlertsEnv;
  /** @default nothing is measured */
  readonly metrics?: MetricLines;
}

export interface OpenGateway {
  readonly gateway: Gateway;
  /** Models and prices are read, or could not be within seconds: until then the price book's apply. */
  readonly ready: Promise<void>;
  /** Reads models and keys that were not read yet; returns what could not be. Never fails. */
  missing(): Promise<Missing>;
  /** Writes usage and metrics, and waits for alerts in flight. */
  flush(): Promise<void>;
  /** Lets requests in flight finish and returns the leases. */
  close(): Promise<void>;
}

/** What was not read yet. */
export interface Missing {
  readonly models: boolean;
  /** Workspaces whose key could not be read. */
  readonly keys: readonly string[];
}

const READY_WITHIN_MS = 3000;
const METRICS_EVERY_MS = 10_000;
const NO_METRICS: GatewayMetrics = { ended() {}, refused() {}, unpriced() {}, flush() {} };

/** The gateway over AWS, for its Lambda and its plain server alike. */
export function connectGateway({ aws, metrics, ...runtime }: GatewayRuntime): OpenGateway {
  const { policy, now, objectsTableName } = runtime;
  const readKey = createGatewayKeyReader(new SecretsManagerClient(aws));
  const dynamo = new DynamoDBClient(aws);
  return openGateway({
    ...runtime,
    keys: (onUnusable) => createWorkspaceKeys(readKey, () => now().getTime(), onUnusable),
    counters: createQuotaCounters(dynamo, runtime.quotaTableName),
    ledger: createLedgerStore(dynamo, runtime.quotaTableName),
    objects:
      objectsTableName === undefined ? undefined : createObjectStore(dynamo, objectsTableName),
    jobs: connectJobStores(dynamo, runtime),
    publishedPrices: createPublishedPrices(dynamo, runtime.quotaTableName),
    alerts: createAlertPublisher(new SNSClient(aws), runtime.alertsEnv, policy.alerts, undefined),
    events: createEventBus({
      client: new EventBridgeClient(aws),
      busName: policy.events.busName,
      origin: originOf(runtime.alertsEnv, policy.alerts),
      log: runtime.log,
      sleep: (milliseconds) => wait(milliseconds),
    }),
    metrics: metrics && createGatewayMetrics(metrics),
  });
}

/** The gateway over any store of keys and counters, with the policy's own prices and quotas. */
export function openGateway(parts: GatewayParts): OpenGateway {
  const { policy, counters, holderId, flushEverySeconds, log } = parts;
  const { metrics = NO_METRICS, now = () => new Date() } = parts;
  const nowMs = () => now().getTime();
  const alertsInFlight = new Set<Promise<void>>();
  const send = (act: Promise<void>, what: string, about: object) => {
    const sending = act
      .catch((error: unknown) => log.error(what, { ...about, error }))
      .finally(() => alertsInFlight.delete(sending));
    alertsInFlight.add(sending);
  };
  const notify = (alertOf: typeof gatewayUnauthorized) => (workspace: string) => {
    const alert = alertOf(workspace, policy.mistral.keySource, now());
    send(parts.alerts.publish(alert), 'alert not sent', { workspace });
  };
  const refusedCaller = createRefusedCallers(
    async (refused) => parts.events?.send([callerRefused(refused, now())]),
    now,
  );
  const keys = parts.keys(notify(gatewayKeyUnusable));
  const readPrices = async () => parts.publishedPrices?.read();
  const feed = createPriceFeed({ rules: policy, read: readPrices, nowMs, log });
  const priceBook = createPriceBook(policy, nowMs, feed.latest);
  const holder = createQuotaHolder({
    holderId,
    counters,
    nowMs,
    flushEverySeconds,
    report: (error) => log.warn('counters not reached', { error }),
  });
  const ledger =
    parts.ledger &&
    createLedger({
      holderId,
      write: parts.ledger.write,
      nowMs,
      flushEverySeconds,
      report: (error) => log.warn('ledger not written', { error }),
    });
  const record = ledger && createUsageRecord(policy, ledger);
  const access = createLiveAccess({
    policy,
    priceBook,
    listModels: () => listModels(policy, keys, metrics),
    nowMs,
    log,
  });
  const reading = feed.refresh().then(() => access.refresh());
  const ready = Promise.race([reading, wait(READY_WITHIN_MS, undefined, { ref: false })]);

  const running = { now, sleep: (ms: number) => wait(ms), random: Math.random };
  const gateway = createGateway({
    ...{ policy, upstream: parts.upstream, unawaited: parts.unawaited, jobs: parts.jobs },
    access,
    quotas: holder,
    metering: createMetering(
      policy,
      holder,
      noticeUnpriced(createTariff(priceBook), priceBook, { log, nowMs, count: metrics.unpriced }),
      record,
      nowMs,
    ),
    record,
    keys,
    objects: parts.objects && new Ownership({ ...running, store: parts.objects, policy }),
    alerts: {
      unauthorized: notify(gatewayUnauthorized),
      callerRefused: (callerArn, code) =>
        send(refusedCaller(callerArn, code), 'event not sent', { callerArn }),
    },
    metrics,
    log,
    ...running,
  });

  const metricsTimer =
    flushEverySeconds === undefined
      ? undefined
      : setInterval(() => metrics.flush(), METRICS_EVERY_MS).unref();

  return {
    gateway,
    ready,

    async missing() {
      const unread = gatewayWorkspaces(policy).map(async ({ name }) => {
        try {
          await keys.current(name);
          return [];
        } catch {
          return [name];
        }
      });
      const unreadKeys = await Promise.all(unread);
      if (access.cards === undefined) await access.refresh();
      return { models: access.cards === undefined, keys: unreadKeys.flat() };
    },

    async flush() {
      metrics.flush();
      await Promise.all([holder.flush(), ledger?.flush(), ...alertsInFlight]);
    },

    async close() {
      await gateway.close();
      clearInterval(metricsTimer);
      metrics.flush();
      await Promise.all([holder.close(), ledger?.close(), ...alertsInFlight]);
    },
  };
}
