import type { AccessGrant, AccessRefusal, AccessRequest } from '../access/access.js';
import { authorizeRequest, callerRefusal } from '../access/authorize.js';
import { compileAccess } from '../access/compile-access.js';
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
  /** What is known before a request is read: why a caller may send none. */
  refusalOf(callerArn: string): AccessRefusal | undefined;
  readonly authorize: Authorize;
  readonly models: ModelDirectory;
  /** Mistral's list, once it is read. */
  readonly cards: readonly ModelCard[] | undefined;
  /** Reads Mistral's list; if that fails, the known models stay. Never fails. */
  refresh(): Promise<void>;
}

/** Aliases move a few times a year, and Mistral announces each move. */
const REFRESH_EVERY_MS = 3_600_000;
/** After the list could not be read: until the retry models may be unknown, or aliases outdated. */
const RETRY_MS = 60_000;

/** Uses the price book's models until Mistral's list is read, and reads that again after an hour of use. */
export function createLiveAccess(options: LiveAccessOptions): LiveAccess {
  const { policy, priceBook, listModels, nowMs, log } = options;
  let access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  let cards: readonly ModelCard[] | undefined;
  let dueAtMs = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    dueAtMs = nowMs() + RETRY_MS;
    try {
      cards = await listModels();
      access = compileAccess(policy, createModelDirectory(cards.map(modelOf), priceBook));
      dueAtMs = nowMs() + REFRESH_EVERY_MS;
    } catch (error) {
      log.warn('models not listed', { error });
    }
  }

  return {
    refresh,

    refusalOf: (callerArn) => callerRefusal(access, callerArn),

    authorize(callerArn, request) {
      if (nowMs() > dueAtMs) void refresh();
      return authorizeRequest(access, callerArn, request);
    },

    get cards() {
      return cards;
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
