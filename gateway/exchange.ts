import { authorizeCall, refusalOf, reserve } from '../governance/metering/admission.js';
import type { Endpoint } from '../governance/metering/endpoints.js';
import type { Demand, HoldOutcome } from '../governance/metering/metering.js';
import {
  answerOf,
  type Problem,
  type ProblemAnswer,
  shownCode,
} from '../governance/metering/problem.js';
import { Tally } from '../governance/metering/tally.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import type { GatewayContext, RequestOutcome } from './context.js';
import { type Forwarded, Forwarding, type ForwardingOwner } from './forwarding.js';
import { overflowOf } from './overflow.js';
import { comebackOf, rateLimited } from './rate-limit.js';
import type { CallHead, Exchange, Reply } from './reply.js';
import {
  errorForCaller,
  failureForCaller,
  internalError,
  keyRefused,
  keyUnavailable,
  nameOf,
  type UpstreamError,
} from './upstream-error.js';

const FIRST_PAUSE_MS = 200;

/** One request: authorize, reserve, forward, settle. Each at most once; only forwarding may repeat. */
export class MeteredExchange implements Exchange, ForwardingOwner {
  readonly #startedAt: number;
  #body!: Buffer;
  #tally!: Tally;
  #key!: ApiKey;
  #forwarding: Forwarding | undefined;
  #over = false;
  #refreshed = false;
  #pauses = 0;
  #pausedMs = 0;
  /** Workspaces still to try when Mistral has no room; found at the first 429. */
  #overflow: string[] | undefined;
  /** What the caller is told when none has room: it knows of its own workspace alone. */
  #limited: Problem | undefined;

  constructor(
    private readonly context: GatewayContext,
    private readonly endpoint: Endpoint,
    private readonly head: CallHead,
    private readonly reply: Reply,
  ) {
    this.#startedAt = context.now().getTime();
  }

  begin(received: Buffer): void {
    const { authorize, models, metering } = this.context;
    const call = authorizeCall(this.endpoint, this.head.callerArn, received, authorize, models);
    if (call.kind === 'problem') {
      this.#refuse(call);
      return;
    }
    this.#body = call.body;
    const outcome = reserve(metering, call.demand);
    if ('then' in outcome) this.#await(outcome.then((held) => this.#admit(call.demand, held)));
    else this.#admit(call.demand, outcome);
  }

  abandon(outcome: RequestOutcome = 'caller_gone'): void {
    if (this.#over) return;
    this.#end(outcome);
    const partly = this.#forwarding?.abandon();
    if (partly) this.#tally.partly(partly);
    else this.#tally?.release(); // between two attempts nothing is under way
  }

  stalled(outcome?: RequestOutcome): void {
    this.abandon(outcome);
    this.reply.destroy();
  }

  forwarded(outcome: Forwarded): void {
    this.#forwarding = undefined;
    try {
      this.#conclude(outcome);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Whatever else goes wrong is one answer too, and settled. */
  fail(error: unknown): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    this.context.log.error('request failed', { reason, path: this.endpoint.path });
    if (this.#over) return;
    if (this.#forwarding || this.reply.started) {
      this.stalled('internal_error');
      return;
    }
    this.#tally?.release();
    this.#refuse(internalError());
  }

  #admit(demand: Demand, outcome: HoldOutcome): void {
    if (outcome.kind !== 'reserved') {
      if (!this.#over) this.#refuse(refusalOf(outcome, demand.grant, this.context.now()));
      return;
    }
    this.#tally = new Tally(demand, outcome);
    if (this.#over)
      outcome.release(); // hung up while we waited for a lease
    else this.#send();
  }

  #send(): void {
    const key = this.context.keys.current(this.#grant.workspace);
    if ('then' in key) this.#await(this.#sendOnceKnown(key));
    else this.#sendWith(key);
  }

  async #sendOnceKnown(pending: Promise<ApiKey>): Promise<void> {
    const key = await pending.catch((error: unknown) => {
      this.context.log.error('key not read', this.#facts(nameOf(error)));
    });
    if (this.#over) return;
    if (key) {
      this.#sendWith(key);
      return;
    }
    this.#tally.release();
    this.#refuse(this.#limited ?? keyUnavailable(this.#grant.workspace));
  }

  #sendWith(key: ApiKey): void {
    this.#key = key;
    this.#forwarding = new Forwarding(key, this.reply, this.context.stallMs, this);
    const { method, path } = this.endpoint;
    const request = { method, path, key, accept: this.head.accept, body: this.#body };
    this.context.upstream.dispatch(request, this.#forwarding);
  }

  #conclude(outcome: Forwarded): void {
    switch (outcome.kind) {
      case 'delivered':
        this.#tally.delivered(outcome.usage);
        this.#end('answered');
        this.reply.end(outcome.lastChunk);
        return;
      case 'broken off':
        this.#tally.partly(outcome);
        this.#end('broken_off');
        this.context.log.warn('answer broke off', this.#facts(outcome.reason));
        this.reply.destroy();
        return;
      case 'unanswered': {
        const { reason } = outcome;
        const unseen = reason === 'no connection' || reason === 'connect timeout';
        if (unseen) this.#tally.release();
        else this.#tally.unanswered();
        this.context.log.warn('no answer', this.#facts(reason));
        this.#refuse(failureForCaller(reason));
        return;
      }
      case 'answered':
        if (outcome.status === 401 || outcome.status === 429) {
          this.context.metrics.refused(outcome.status);
          if (outcome.status === 401) this.#renewKey();
          else this.#await(this.#makeRoom(outcome));
        } else {
          this.#tally.refused();
          this.#refuse(errorForCaller(outcome, this.#key, this.context.now(), this.isOverflow));
        }
    }
  }

  /** Mistral refuses the key: somebody may have rotated it since it was read. */
  #renewKey(): void {
    if (this.#over) return;
    const { workspace } = this.#grant;
    if (!this.#refreshed) {
      this.#refreshed = true;
      const other = this.context.keys.instead(workspace, [this.#key]);
      this.#await(
        other.then((key) => (key && !this.#over ? this.#sendWith(key) : this.#renewKey())),
      );
      return;
    }
    this.#tally.release();
    this.context.log.error('key refused', this.#facts('401, also with the key read afresh'));
    this.context.alerts.unauthorized(workspace);
    this.#refuse(this.#limited ?? keyRefused(workspace));
  }

  /** Out of Mistral's allowance: wait while that is short, then try other workspaces. */
  async #makeRoom(answer: UpstreamError): Promise<void> {
    const { sleep, random, backoffMs, now } = this.context;
    const comeback = comebackOf(answer.headers, now());
    const own = FIRST_PAUSE_MS * 2 ** this.#pauses * (0.5 + random() / 2);
    const pause = comeback.kind === 'after' ? Math.max(comeback.ms, own) : own;
    if (comeback.kind !== 'never' && this.#pausedMs + pause <= backoffMs) {
      this.#pauses += 1;
      this.#pausedMs += pause;
      await sleep(pause);
      if (!this.#over) this.#send();
      return;
    }
    this.#limited ??= rateLimited(this.#grant, comeback);
    const moved = await this.#moveOn();
    if (!moved && !this.#over) this.#refuse(this.#limited);
  }

  /** The reservation moves with the request to the first workspace that has room for it. */
  async #moveOn(): Promise<boolean> {
    const { workspaces, models, metering } = this.context;
    this.#overflow ??= overflowOf(this.#grant, workspaces, models);
    this.#tally.release();
    for (let name = this.#overflow.shift(); name; name = this.#overflow.shift()) {
      const demand = { ...this.#tally.demand, grant: { ...this.#grant, workspace: name } };
      const outcome = await reserve(metering, demand);
      if (outcome.kind !== 'reserved') continue;
      this.#refreshed = false;
      this.#admit(demand, outcome);
      return true;
    }
    return false;
  }

  #refuse(answer: Problem | ProblemAnswer): void {
    this.#end('kind' in answer ? shownCode(answer.code) : 'refused_by_mistral');
    const { status, headers, body } = 'kind' in answer ? answerOf(answer) : answer;
    this.reply.start(status, headers);
    this.reply.end(body);
  }

  #end(outcome: RequestOutcome): void {
    this.#over = true;
    this.context.metrics.ended(outcome, this.context.now().getTime() - this.#startedAt);
  }

  get isOverflow(): boolean {
    return this.#limited !== undefined;
  }

  get #grant() {
    return this.#tally.demand.grant;
  }

  #facts(reason: string) {
    const { workspace, modelId, role } = this.#grant;
    return { reason, path: this.endpoint.path, workspace, modelId, role };
  }

  #await(work: Promise<void>): void {
    work.catch((error: unknown) => this.fail(error));
  }
}
