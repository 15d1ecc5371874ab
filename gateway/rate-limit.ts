import type { AccessGrant } from '../governance/access/access.js';
import type { ModelDirectory } from '../governance/access/model-directory.js';
import type { Demand } from '../governance/metering/demand.js';
import type { Hold } from '../governance/metering/hold.js';
import { type Problem, problem, retryOf } from '../governance/metering/problem.js';
import { retryAfterMs } from '../governance/mistral/mistral-answer.js';
import { instantText } from '../governance/platform/wording.js';
import type { Workspace } from '../governance/policy/policy.js';
import { isLent } from '../governance/quotas/workspace-quotas.js';
import type { GatewayDeps } from './gateway-deps.js';
import { headerOf, type UpstreamHeaders } from './response-headers.js';

/** When a 429 of Mistral's says that a retry can help. */
type RetryAdvice =
  | { readonly kind: 'after'; readonly ms: number }
  /** It does not say: a short pause may be enough. */
  | { readonly kind: 'unknown' }
  /** The workspace has no allowance for the model at all. */
  | { readonly kind: 'never' };

const LIMITS = ['x-ratelimit-limit-req-minute', 'x-ratelimit-limit-tokens-minute'];
const REMAINING = ['x-ratelimit-remaining-req-minute', 'x-ratelimit-remaining-tokens-minute'];
// Mistral counts over the last sixty seconds, so after this time the window has certainly moved on.
const WINDOW_MS = 60_000;
/** How long a request may wait in total before it goes to another workspace. */
const MAX_WAIT_MS = 2000;
const FIRST_PAUSE_MS = 200;
/** Four calls at most, each of which counts as a request. */
const MOST_PAUSES = 3;
/** Of one workspace; others are answered, or move, at once: more retries would not make its limit larger. */
const MOST_WAITING = 8;

/** Mistral has one code for "exhausted" and "never allowed": only the headers tell them apart. */
function retryAdviceOf(headers: UpstreamHeaders, now: Date): RetryAdvice {
  if (LIMITS.some((name) => headerOf(headers, name) === '0')) return { kind: 'never' };
  const asked = retryAfterMs(headerOf(headers, 'retry-after'), now);
  if (asked !== undefined) return { kind: 'after', ms: asked };
  const isExhausted = REMAINING.some((name) => headerOf(headers, name) === '0');
  return isExhausted ? { kind: 'after', ms: WINDOW_MS } : { kind: 'unknown' };
}

/** Where else a request may go, in order: only where the policy allows its model. */
export function overflowOf(
  { workspace, modelId }: AccessGrant,
  workspaces: readonly Workspace[],
  models: Pick<ModelDirectory, 'resolve'>,
): string[] {
  const home = workspaces.find(({ name }) => name === workspace);
  return (home?.overflowTo ?? []).filter((target) => {
    const allowed = workspaces.find(({ name }) => name === target)?.models ?? [];
    return allowed === '*' || allowed.some((name) => models.resolve(name) === modelId);
  });
}

/** What the caller gets where Mistral limits its own workspace. */
function rateLimited({ workspace, modelId }: AccessGrant, advice: RetryAdvice, now: Date): Problem {
  if (advice.kind === 'never') {
    const what = `Mistral allows workspace "${workspace}" no requests to model "${modelId}"`;
    return problem('rate_limited', what);
  }
  const resetsAt = new Date(now.getTime() + (advice.kind === 'after' ? advice.ms : 0));
  const retry = retryOf(now, resetsAt);
  const reached = `workspace "${workspace}" has reached Mistral's rate limit for model "${modelId}"`;
  const until = retry.retryAfterSeconds
    ? ''
    : `: Mistral asks to wait until ${instantText(resetsAt)}`;
  return problem('rate_limited', reached + until, retry);
}

/** The same, for a request that cannot be sent again. */
export function rateLimitReached({ demand }: Hold, headers: UpstreamHeaders, now: Date): Problem {
  return rateLimited(demand.grant, retryAdviceOf(headers, now), now);
}

/** How many requests of each workspace wait at its rate limit, so that their calls are few. */
export class RequestsAtLimit {
  readonly #waiting = new Map<string, number>();

  /** Whether it waited, before another call. */
  async wait(workspace: string, pause: () => Promise<unknown>): Promise<boolean> {
    const waiting = this.#waiting.get(workspace) ?? 0;
    if (waiting >= MOST_WAITING) return false;
    this.#waiting.set(workspace, waiting + 1);
    try {
      await pause();
    } finally {
      this.#waiting.set(workspace, (this.#waiting.get(workspace) ?? 1) - 1);
    }
    return true;
  }
}

/** One request at Mistral's rate limit: it waits while that is short, then moves to another workspace. */
export class Detour {
  /** What the caller gets if no workspace has room: it knows only of its own workspace. */
  problem: Problem | undefined;
  #pauses = 0;
  #pausedMs = 0;
  #overflow: string[] | undefined;

  constructor(
    private readonly deps: GatewayDeps,
    private readonly atLimit: RequestsAtLimit,
  ) {}

  /** The hold to send with next: the same after a pause, or one elsewhere. `undefined` for neither. */
  async next(hold: Hold, headers: UpstreamHeaders): Promise<Hold | undefined> {
    const advice = retryAdviceOf(headers, this.deps.now());
    const pause = this.#nextPause(advice);
    const { grant } = hold.demand;
    const wait = () => this.deps.sleep(pause ?? 0);
    if (pause !== undefined && (await this.atLimit.wait(hold.sender, wait))) return hold;
    this.problem ??= rateLimited(grant, advice, this.deps.now());
    const { policy, access } = this.deps;
    this.#overflow ??= hold.demand.staysHome
      ? []
      : overflowOf(grant, policy.workspaces, access.models);
    hold.release();
    return this.#reserveElsewhere(hold.demand, this.#overflow);
  }

  /** Each is longer than the last; `undefined` where waiting does not help, or takes too long. */
  #nextPause(advice: RetryAdvice): number | undefined {
    const own = FIRST_PAUSE_MS * 2 ** this.#pauses * (0.5 + this.deps.random() / 2);
    const pause = advice.kind === 'after' ? Math.max(advice.ms, own) : own;
    if (advice.kind === 'never' || this.#pauses === MOST_PAUSES) return undefined;
    if (this.#pausedMs + pause > MAX_WAIT_MS) return undefined;
    this.#pauses += 1;
    this.#pausedMs += pause;
    return pause;
  }

  /** A hold in the first workspace that has room, and lends it; each is tried once. */
  async #reserveElsewhere(demand: Demand, workspaces: string[]): Promise<Hold | undefined> {
    for (let name = workspaces.shift(); name; name = workspaces.shift()) {
      const outcome = await this.deps.metering.reserve(demand, name);
      if (outcome.kind === 'reserved') return outcome;
      if ('quota' in outcome && isLent(outcome.quota)) this.deps.metrics.lentOut?.(name);
    }
    return undefined;
  }
}
