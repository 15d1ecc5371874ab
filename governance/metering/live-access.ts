import { authorizeRequest } from '../access/authorize.js';
import { compileAccess } from '../access/compile-access.js';
import type { ModelDirectory } from '../access/model-directory.js';
import { createModelDirectory } from '../access/model-directory.js';
import type { MistralModel } from '../mistral/mistral.js';
import type { Log } from '../platform/log.js';
import type { Policy } from '../policy/policy.js';
import type { PriceBook } from '../prices/price-book.js';
import type { Authorize } from './metering.js';

export interface LiveAccessOptions {
  readonly policy: Policy;
  readonly priceBook: PriceBook;
  /** Asks Mistral for its models; `undefined` where no key of ours is let in. */
  readonly listModels: () => Promise<readonly MistralModel[] | undefined>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/** The policy's rules over the models that Mistral serves now. */
export interface LiveAccess {
  readonly authorize: Authorize;
  readonly models: ModelDirectory;
  /** Reads Mistral's list; without an answer, what is known stays. Never fails. */
  refresh(): Promise<void>;
}

/** Aliases move a few times a year, and Mistral announces it. */
const REFRESH_EVERY_MS = 3_600_000;
/** After a list that could not be read: until then models may be unknown, or aliases old. */
const RETRY_MS = 60_000;

/** Knows the price book's models until Mistral's list is read, and reads it again every hour of use. */
export function createLiveAccess(options: LiveAccessOptions): LiveAccess {
  const { policy, priceBook, listModels, nowMs, log } = options;
  let access = compileAccess(policy, createModelDirectory(priceBook.models, priceBook));
  let dueAtMs = Number.NEGATIVE_INFINITY;

  async function refresh(): Promise<void> {
    dueAtMs = nowMs() + RETRY_MS;
    try {
      const models = await listModels();
      if (models) {
        access = compileAccess(policy, createModelDirectory(models, priceBook));
        dueAtMs = nowMs() + REFRESH_EVERY_MS;
      } else
        log.warn('models not listed', { reason: 'Mistral refuses the keys of all workspaces' });
    } catch (error) {
      log.warn('models not listed', { error });
    }
  }

  return {
    refresh,

    authorize(callerArn, request) {
      if (nowMs() > dueAtMs) void refresh();
      return authorizeRequest(access, callerArn, request);
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
