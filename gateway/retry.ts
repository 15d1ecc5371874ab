import type { Hold } from '../governance/metering/hold.js';
import type { Problem } from '../governance/metering/problem.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { Rejection } from './forwarded.js';
import type { GatewayDeps } from './gateway-deps.js';
import { internalError, keyRejected, keyReplaced } from './problems.js';
import { Detour, type RequestsAtLimit, rateLimitReached } from './rate-limit.js';

/** What to send with next: without a key, with the current one. */
export interface Next {
  readonly hold: Hold;
  readonly key: ApiKey | undefined;
}

/** What the caller gets instead. */
export interface Last {
  readonly problem: Problem;
  /** Mistral rejects the key, also after the secret was read again. */
  readonly isKeyRejected: boolean;
}

/** One request that Mistral has rejected: another key after a 401, a pause or another workspace after a 429. */
export class Retry {
  #isSecondKey = false;
  #detour: Detour | undefined;

  constructor(
    private readonly deps: GatewayDeps,
    private readonly atRateLimit: RequestsAtLimit,
    /** An upload: it was read once, so that only its caller can send it again. */
    private readonly isOnce: boolean,
  ) {}

  /** What the caller gets where nothing more can be tried: its own workspace is at its limit. */
  get problem(): Problem | undefined {
    return this.#detour?.problem;
  }

  async after({ status, headers }: Rejection, hold: Hold, key: ApiKey): Promise<Next | Last> {
    if (status === 401) return this.#withOtherKey(hold, key);
    if (this.isOnce) return lastly(rateLimitReached(hold, headers, this.deps.now()));
    this.#detour ??= new Detour(this.deps, this.atRateLimit);
    const next = await this.#detour.next(hold, headers);
    if (!next) return lastly(this.problem ?? internalError());
    if (next !== hold) this.#isSecondKey = false;
    return { hold: next, key: undefined };
  }

  async #withOtherKey(hold: Hold, rejected: ApiKey): Promise<Next | Last> {
    const { sender } = hold;
    const key = this.#isSecondKey ? undefined : await this.deps.keys.instead(sender, [rejected]);
    this.#isSecondKey = true;
    if (!key) return { problem: this.problem ?? keyRejected(sender), isKeyRejected: true };
    return this.isOnce ? lastly(keyReplaced(sender)) : { hold, key };
  }
}

function lastly(problem: Problem): Last {
  return { problem, isKeyRejected: false };
}
