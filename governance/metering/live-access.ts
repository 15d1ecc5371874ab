import type { AccessGrant, AccessRefusal, AccessRequest } from '../access/access.js';
import { authorizeRequest } from '../access/authorize.js';
import { type CallerAccess, compileAccess } from '../access/compile-access.js';
import { createModelDirectory, type ModelDirectory } from '../access/model-directory.js';
import { type ModelCard, modelOf } from '../mistral/key-prober.js';
import type { Log } from '../platform/log.js';
import type { Policy } from '../policy/policy.js';
import type { PriceBook } from '../prices/price-book.js';

export type Authorize = (callerArn: string, request: AccessRequest) => AccessGrant | AccessRefusal;

export interface LiveAccessOptions {
  readonly policy: Policy;
  readonly priceBook: PriceBook;
  readonly listModels: () => Promise<readonly ModelCard[]>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** The policy's rules over the models that Mistral serves now. */
export interface LiveAccess {
  /** What is known before a request is read. */
  callerOf(callerArn: string): CallerAccess | AccessRefusal;
  readonly authorize: Authorize;
  readonly models: ModelDirectory;
  /** Mistral's list, once it is read. */
  readonly cards: readonly ModelCard[] | undefined;
  /** Until a list that is not there may be: before, each request for it would fail. */
  readonly nextListInMs: number;
  /** Reads Mistral's list; if that fails, the known models stay. Never fails. */
  refresh(): Promise<void>;
}

/** Aliases move a few times a year, and Mistral announces each move. */
const REFRESH_EVERY_MS = 3_600_000;
/** After the list could not be read: until the retry models may be unknown, or aliases outdated. */
const RETRY_MS = 60_000;
/** Between two log lines of an outage: a process that is not ready retries every second. */
const FIRST_SILENCE_MS = 60_000;
const LONGEST_SILENCE_MS = 3_600_000;

/** Uses the price book's models until Mistral's list is read, and reads that again after an hour of use. */
export function createLiveAccess(options: LiveAccessOptions): LiveAccess {
  const { policy, priceBook, listModels, nowMs, log } = options;
  let access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  let cards: readonly ModelCard[] | undefined;
  let dueAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let readSinceMs = 0;
  let outage: { readonly sinceMs: number; nextLineMs: number; silenceMs: number } | undefined;

  function failed(error: unknown): void {
    const atMs = nowMs();
    outage ??= { sinceMs: atMs, nextLineMs: atMs, silenceMs: FIRST_SILENCE_MS };
    if (atMs < outage.nextLineMs) return;
    log.warn('models not listed', { error, forSeconds: secondsSince(outage.sinceMs) });
    outage.nextLineMs = atMs + outage.silenceMs;
    outage.silenceMs = Math.min(outage.silenceMs * 2, LONGEST_SILENCE_MS);
  }

  function succeeded(): void {
    if (!outage) return;
    log.info('models listed again', { afterSeconds: secondsSince(outage.sinceMs) });
    outage = undefined;
  }

  function secondsSince(atMs: number): number {
    return Math.round((nowMs() - atMs) / 1000);
  }

  /** The policy's checks know only the aliases of the price list. */
  function warnOfAliases(): void {
    for (const name of Object.keys(policy.prices.models)) {
      const id = access.models.resolve(name);
      if (id === undefined || id === name) continue;
      const path = `prices.models.${name}`;
      log.warn('price of an alias not used', { path, setInstead: `prices.models.${id}` });
    }
  }

  // One for all that ask meanwhile: with a list that hangs there would be more every minute.
  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function read(): Promise<void> {
    readSinceMs = nowMs();
    dueAtMs = readSinceMs + RETRY_MS;
    try {
      cards = await listModels();
      access = compileAccess(policy, createModelDirectory(cards.map(modelOf), priceBook));
      dueAtMs = nowMs() + REFRESH_EVERY_MS;
      succeeded();
      warnOfAliases();
    } catch (error) {
      failed(error);
    }
  }

  return {
    refresh,

    callerOf: (callerArn) => access.callerOf(callerArn),

    authorize(callerArn, request) {
      if (nowMs() > dueAtMs) void refresh();
      return authorizeRequest(access, callerArn, request);
    },

    get cards() {
      return cards;
    },

    get nextListInMs() {
      // As long again as it is being read already: soon at first, and rarely of one that hangs.
      return reading ? nowMs() - readSinceMs : dueAtMs - nowMs();
    },

    models: {
      resolve: (name) => access.models.resolve(name),
      contextTokens: (id) => access.models.contextTokens(id),
      get ids() {
        return access.models.ids;
      },
    },
  };
}
