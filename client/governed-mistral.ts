import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Mistral, type SDKOptions } from '@mistralai/mistralai';
import { HTTPClient } from '@mistralai/mistralai/lib/http.js';
import { createKeyCache, type KeyCache } from '../governance/keys/key-cache.js';
import { createLedger } from '../governance/ledger/ledger.js';
import { createLedgerStore } from '../governance/ledger/ledger-store.aws.js';
import { createLiveAccess } from '../governance/metering/live-access.js';
import { createMetering } from '../governance/metering/metering.js';
import { createTariff } from '../governance/metering/tariff.js';
import type { UnawaitedLimits } from '../governance/metering/unawaited-answers.js';
import { noticeUnpriced } from '../governance/metering/unpriced-requests.js';
import { createUsageRecord } from '../governance/metering/usage-record.js';
import { createModelLister } from '../governance/mistral/key-prober.js';
import { createMistralHttp } from '../governance/mistral/mistral-http.js';
import { AWS_CLIENT } from '../governance/platform/aws-client.js';
import type { Log } from '../governance/platform/log.js';
import { createPriceBook } from '../governance/prices/price-book.js';
import { createPriceFeed } from '../governance/prices/price-feed.js';
import { createPublishedPrices } from '../governance/prices/published-prices.aws.js';
import { FLUSH_WITHIN_MS } from '../governance/quotas/lease-time.js';
import { createQuotaCounters } from '../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../governance/quotas/quota-holder.js';
import { closeAtEnd, InFlight } from './closing.js';
import { GovernanceConfigurationError, GovernanceUnavailableError } from './errors.js';
import { createGovernedFetch } from './governed-fetch.js';
import { type Identity, identify } from './identity.js';
import { type PolicySource, readPolicy } from './policy-source.js';
import { createSecretReader } from './secret-key.js';
import { withTypedErrors } from './typed-errors.js';

export type GovernedMistralOptions = Identity & {
  /** Name or ARN of the service's own key, for example `mistral/prod-workspace/search-service-key`. */
  readonly secretId: string;
  readonly policy: PolicySource;
  /** The stack output `QuotaTableName`. */
  readonly quotaTableName: string;
  /** Calls that are not metered, and not served by the gateway: files, batches. @default 'refuse' */
  readonly unmetered?: 'refuse' | 'allow';
  /** From this age on the key is read again in the background. @default 300 */
  readonly keyRefreshSeconds?: number;
  /**
   * How often spend is written: what a killed process had not written is lost. At most 4, or other
   * holders may reclaim a lease whose requests are not written. @default 1
   */
  readonly flushEverySeconds?: number;
  /** How long `close` waits for requests in flight. @default 10 */
  readonly closeTimeoutSeconds?: number;
  /** How many answers are read on, and how long, after their callers have left. @default `UNAWAITED_LIMITS` */
  readonly unawaited?: UnawaitedLimits | undefined;
  /** Closes automatically at SIGTERM and when the process has nothing left to do. @default false */
  readonly closeAtProcessEnd?: boolean;
  /** For the official SDK: retries, timeout, user agent. */
  readonly sdk?: Omit<SDKOptions, 'apiKey' | 'httpClient' | 'server' | 'serverURL'>;
  readonly secretsManager?: SecretsManagerClient;
  readonly dynamo?: DynamoDBClient;
  /** @default nothing is logged */
  readonly log?: Log;
  /** @default the clock */
  readonly now?: () => Date;
  readonly fetch?: typeof fetch;
};

/** The official SDK's client, bound to the policy. */
export interface GovernedMistral extends Mistral {
  /** Writes the usage so far. In a Lambda function, call it before each answer. */
  flush(): Promise<void>;
  /** Lets requests in flight finish, writes their usage and returns the leases. */
  close(): Promise<void>;
}

/** So that requests are recorded within `RECORDED_WITHIN_MS`, even by slow calls. */
const MOST_FLUSH_SECONDS = FLUSH_WITHIN_MS / 1000;

const SILENT: Log = { info() {}, warn() {}, error() {} };

/**
 * For a service that holds its own key: the official SDK, with every request authorized by the
 * policy, reserved from its quotas, sent with the current key, and settled at its real usage.
 *
 * @throws GovernanceConfigurationError where policy, identity and secret do not fit together
 */
export async function createGovernedMistral(
  options: GovernedMistralOptions,
): Promise<GovernedMistral> {
  const { secretId, quotaTableName, log = SILENT, now = () => new Date() } = options;
  const { secretsManager = new SecretsManagerClient(AWS_CLIENT) } = options;
  const { dynamo = new DynamoDBClient(AWS_CLIENT), fetch: send = fetch } = options;
  const { flushEverySeconds = 1 } = options;
  if (!(flushEverySeconds <= MOST_FLUSH_SECONDS)) {
    throw new GovernanceConfigurationError(
      `flushEverySeconds is ${flushEverySeconds}: the most allowed is ${MOST_FLUSH_SECONDS}`,
    );
  }
  const nowMs = () => now().getTime();
  const read = await readPolicy(options.policy);
  const published = createPublishedPrices(dynamo, quotaTableName);
  const feed = createPriceFeed({ rules: read, read: published.read, nowMs, log });
  const priceBook = createPriceBook(read, nowMs, feed.latest);
  const { policy, callerArn, workspace } = identify(read, options, priceBook);
  const { apiUrl } = policy.mistral;

  const keys = createKeyCache(createSecretReader(secretsManager, secretId, workspace, policy), {
    refreshSeconds: options.keyRefreshSeconds,
    maxStaleSeconds: policy.rotation.readerCacheSeconds,
    nowMs,
  });
  await Promise.all([preloadKey(keys, log), feed.refresh()]);
  const list = createModelLister(createMistralHttp(apiUrl, { fetch: send }));
  const listModels = async () => list(await keys.current());
  const access = createLiveAccess({ policy, priceBook, listModels, nowMs, log });
  await access.refresh();

  const holderId = randomUUID();
  const holder = createQuotaHolder({
    holderId,
    counters: createQuotaCounters(dynamo, quotaTableName),
    nowMs,
    flushEverySeconds,
    report: (error) => log.warn('counters not reached', { error }),
  });
  const ledger = createLedger({
    holderId,
    write: createLedgerStore(dynamo, quotaTableName).write,
    nowMs,
    flushEverySeconds,
    report: (error) => log.warn('ledger not written', { error }),
  });
  const inFlight = new InFlight();
  const governedFetch = createGovernedFetch({
    ...{ apiUrl, callerArn, access, keys, inFlight, now, fetch: send },
    metering: createMetering(
      policy,
      holder,
      noticeUnpriced(createTariff(priceBook), priceBook, { log, nowMs, count() {} }),
      createUsageRecord(policy, ledger),
      nowMs,
    ),
    unmetered: options.unmetered ?? 'refuse',
    unawaited: options.unawaited,
    passUnknownFields: policy.gateway.passUnknownFields,
  });

  async function flush(): Promise<void> {
    await Promise.all([holder.flush(), ledger.flush()]);
  }

  let closing: Promise<void> | undefined;
  async function closeOnce(): Promise<void> {
    stopListening();
    await inFlight.close(options.closeTimeoutSeconds ?? 10);
    await Promise.all([holder.close(), ledger.close()]);
  }
  function close(): Promise<void> {
    closing ??= closeOnce();
    return closing;
  }
  const stopListening = options.closeAtProcessEnd ? closeAtEnd(process, close) : () => {};

  const mistral = new Mistral({
    ...options.sdk,
    serverURL: apiUrl,
    apiKey: 'set for each request', // or the SDK would look for one in the environment
    httpClient: new HTTPClient({
      fetcher: (input, init) => governedFetch(new Request(input, init)),
    }),
  });
  return withTypedErrors(mistral, { flush, close });
}

/** Nothing can be sent without a key, but the next request may find one. */
async function preloadKey(keys: KeyCache, log: Log): Promise<void> {
  try {
    await keys.current();
  } catch (error) {
    if (!(error instanceof GovernanceUnavailableError)) throw error;
    log.warn('key not read', { error });
  }
}
