import { setTimeout as wait } from 'node:timers/promises';
import type { AlertTopic } from '../adapters/alert-topic.js';
import type { GatewayMetrics } from '../adapters/gateway-metrics.js';
import { createKeyProber } from '../adapters/key-prober.js';
import type { Log } from '../adapters/log.js';
import { createMistralHttp } from '../adapters/mistral-http.js';
import type { QuotaCounters } from '../adapters/quota-counters.js';
import { gatewayUnauthorized } from '../domain/alerts/gateway-unauthorized.js';
import type { MistralModel } from '../domain/mistral.js';
import { gatewayWorkspaces } from '../domain/planned-keys.js';
import type { Policy } from '../domain/policy.js';
import { createPriceBook } from '../domain/prices/price-book.js';
import { createLiveAccess } from '../metering/live-access.js';
import { createQuotaHolder } from '../metering/quota-holder.js';
import { createQuotaMetering } from '../metering/quota-metering.js';
import { createTariff } from '../metering/tariff.js';
import type { WorkspaceKeys } from '../metering/workspace-keys.js';
import { createGateway, type Gateway } from './gateway.js';
import type { Upstream } from './upstream.js';

export interface GatewayParts {
  readonly policy: Policy;
  readonly upstream: Upstream;
  readonly keys: WorkspaceKeys;
  readonly counters: QuotaCounters;
  readonly alerts: AlertTopic;
  /** @default nothing is measured */
  readonly metrics?: GatewayMetrics;
  readonly log: Log;
  /** Unique for every process. */
  readonly holderId: string;
  /** For processes that are never frozen. @default counters are written by `flush` alone */
  readonly flushEverySeconds?: number;
  /** @default the clock */
  readonly now?: () => Date;
}

export interface OpenGateway {
  readonly gateway: Gateway;
  /** Mistral's models are read, or could not be within seconds: until then the price book's count. */
  readonly ready: Promise<void>;
  /** Writes what was used and measured, and waits for alerts on their way. */
  flush(): Promise<void>;
  /** Lets requests under way finish and gives the leases back. */
  close(): Promise<void>;
}

const READY_WITHIN_MS = 3000;
const MEASURED_EVERY_MS = 10_000;

/** The gateway over real counters, keys and prices, for its Lambda and its plain server alike. */
export function openGateway(parts: GatewayParts): OpenGateway {
  const { policy, keys, counters, holderId, flushEverySeconds, metrics, log } = parts;
  const { now = () => new Date() } = parts;
  const nowMs = () => now().getTime();
  const priceBook = createPriceBook(policy);
  const holder = createQuotaHolder({
    holderId,
    counters,
    nowMs,
    flushEverySeconds,
    report: (error) => log.warn('counters not reached', { error }),
  });
  const access = createLiveAccess({
    policy,
    priceBook,
    listModels: () => listModels(policy, keys),
    nowMs,
    log,
  });
  const ready = Promise.race([access.refresh(), wait(READY_WITHIN_MS, undefined, { ref: false })]);

  const alertsUnderWay = new Set<Promise<void>>();
  const gateway = createGateway({
    policy,
    upstream: parts.upstream,
    authorize: access.authorize,
    models: access.models,
    metering: createQuotaMetering(policy, holder, createTariff(priceBook)),
    keys,
    metrics,
    log,
    now,
    alerts: {
      unauthorized(workspace) {
        const sending = parts.alerts
          .publish(gatewayUnauthorized(workspace, now()))
          .catch((error: unknown) => log.error('alert not sent', { workspace, error }))
          .finally(() => alertsUnderWay.delete(sending));
        alertsUnderWay.add(sending);
      },
    },
  });

  const measuring =
    flushEverySeconds === undefined
      ? undefined
      : setInterval(() => metrics?.flush(), MEASURED_EVERY_MS).unref();

  return {
    gateway,
    ready,

    async flush() {
      metrics?.flush();
      await Promise.all([holder.flush(), ...alertsUnderWay]);
    },

    async close() {
      await gateway.close();
      clearInterval(measuring);
      metrics?.flush();
      await Promise.all([holder.close(), ...alertsUnderWay]);
    },
  };
}

/** Asked with the first workspace's key that there is and that Mistral lets in. */
async function listModels(
  policy: Policy,
  keys: WorkspaceKeys,
): Promise<readonly MistralModel[] | undefined> {
  const prober = createKeyProber(createMistralHttp(policy.mistral.apiUrl));
  let failure: unknown;
  for (const { name } of gatewayWorkspaces(policy)) {
    try {
      const probe = await prober.probe(await keys.current(name));
      if (probe.kind === 'accepted') return probe.models;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}
