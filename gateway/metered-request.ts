import { CAP_HEADER, refusalOf } from '../governance/metering/admission.js';
import type { Authorized } from '../governance/metering/authorized.js';
import type { MeteredEndpoint } from '../governance/metering/endpoints.js';
import type { Hold } from '../governance/metering/hold.js';
import { answerOf, type Problem, type WholeAnswer } from '../governance/metering/problem.js';
import type { UnawaitedAnswers } from '../governance/metering/unawaited-answers.js';
import type { ApiKey } from '../governance/mistral/api-key.js';
import { type Forwarded, factsOf, isRejection, type Rejection, settle } from './forwarded.js';
import {
  Forwarding,
  type ForwardingLimits,
  type ForwardingOwner,
  type Lost,
} from './forwarding.js';
import type { GatewayDeps } from './gateway-deps.js';
import { outcomeOf, type RequestOutcome } from './gateway-metrics.js';
import { authorizeOwn, goneConversation, recordedReply } from './objects/conversations.js';
import { errorForCaller, failureForCaller, internalError, keyUnavailable } from './problems.js';
import { recordRefusal } from './refusals.js';
import { type CallHead, type Reply, type RequestInFlight, send } from './reply.js';
import { type Last, type Next, Retry } from './retry.js';
import { tellStanding } from './standing.js';
import { receivedBody } from './uploads/received-body.js';
import { Upload } from './uploads/upload.js';

/** One request from top to bottom: authorize, reserve, send, settle. Only sending may repeat. */
export class MeteredRequest implements RequestInFlight, ForwardingOwner {
  readonly #startedAt: number;
  #hold: Hold | undefined;
  #attempt: Forwarding | undefined;
  /** Of a form that is too large to be held: it can be sent once. */
  #upload: Upload | undefined;
  /** Of the attempt, with a rejection to go on from. */
  #resolve: ((rejection: Rejection | undefined) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #isOver = false;
  #modelId: string | undefined;
  #done: Promise<void> | undefined;

  constructor(
    private readonly deps: GatewayDeps,
    private readonly limits: ForwardingLimits,
    private readonly unawaited: UnawaitedAnswers,
    private readonly endpoint: MeteredEndpoint,
    private readonly head: CallHead,
    private reply: Reply,
  ) {
    this.#startedAt = deps.now().getTime();
  }

  answer(received: Buffer | Upload): void {
    this.#done = this.#answer(received);
  }

  /** Never rejects. Waits only for what is not in memory: quotas, keys, Mistral. */
  async #answer(received: Buffer | Upload): Promise<void> {
    const { metering, quotas, keys, metrics, now } = this.deps;
    try {
      if (received instanceof Upload) {
        this.#upload = received;
        received.onSent = () => this.#attempt?.bodySent();
      }
      const pending = receivedBody(this.endpoint, this.head, received);
      const body = 'then' in pending ? await pending : pending;
      if (this.#isOver) return;
      if ('code' in body) return this.#refuse(body);
      const authorizing = authorizeOwn(this.deps, this.endpoint, this.head, body);
      const call = 'then' in authorizing ? await authorizing : authorizing;
      if (call.kind === 'problem') return this.#refuse(call);
      if (call.cappedTo !== undefined) this.reply.addHeader(CAP_HEADER, String(call.cappedTo));
      if (call.opens) this.reply = recordedReply(this.deps, this.head, call, this.reply);
      this.#modelId = call.demand.grant.modelId;
      const reserved = metering.reserve(call.demand);
      let hold = 'then' in reserved ? await reserved : reserved;
      tellStanding(this.reply, metering.quotasOf(call.demand.grant), quotas);
      if (hold.kind !== 'reserved') return this.#refuse(refusalOf(hold, call.demand.grant, now()));

      // Until an answer is final, with another key after a 401, or from another workspace after a 429.
      let key: ApiKey | undefined;
      let retry: Retry | undefined;
      while (!this.#isOver) {
        this.#hold = hold;
        const current = key ?? keys.current(hold.sender);
        const read = 'then' in current ? await this.#readKey(current, hold) : current;
        if ('kind' in read) return this.#giveUp(hold, retry?.problem ?? read);
        key = read;
        if (this.#isOver) break;

        const rejection = await this.#forward(hold, key, call);
        if (!rejection) return;
        metrics.refused(rejection.status);
        if (rejection.status === 429) hold.limited();
        if (this.#isOver) break;
        retry ??= new Retry(this.deps, this.limits.atRateLimit, this.#upload !== undefined);
        const next: Next | Last = await retry.after(rejection, hold, key);
        if ('problem' in next) return this.#giveUp(hold, next.problem, next.isKeyRejected);
        ({ hold, key } = next);
      }
      hold.release(); // the caller left while nothing was in flight
    } catch (error) {
      this.#fail(error);
    }
  }

  abandon(outcome: RequestOutcome = 'caller_gone'): void {
    if (this.#isOver) return;
    this.#end(outcome);
    this.#leave();
  }

  get readsOn(): Promise<void> | undefined {
    return this.#isOver && this.#attempt ? this.#done : undefined;
  }

  get isBodySent(): boolean {
    return this.#upload?.isSent ?? true;
  }

  #leave(): void {
    const attempt = this.#attempt;
    if (!attempt)
      this.#hold?.release(); // between two attempts nothing is in flight
    else if (attempt.isWorthReading && this.unawaited.admit(attempt)) attempt.detach();
    else attempt.cut();
  }

  async #readKey(pending: Promise<ApiKey>, hold: Hold): Promise<ApiKey | Problem> {
    try {
      return await pending;
    } catch (error) {
      // The message may quote the key that was read.
      const reason = error instanceof Error ? error.name : 'unknown';
      this.deps.log.error('key not read', this.#facts(hold, reason));
      return keyUnavailable(hold.sender, error);
    }
  }

  /** One attempt: a 401 or 429 to go on from; `undefined` once the answer is final, and settled. */
  #forward(hold: Hold, key: ApiKey, call: Authorized): Promise<Rejection | undefined> {
    const { head, limits } = this;
    const { method, path } = this.endpoint;
    // What is not a stream is read to its end, if only later than its caller waits for it.
    const firstByteTimeoutMs = hold.demand.streamed
      ? undefined
      : limits.lateAnswers.afterMs + this.unawaited.limits.withinMs;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const attempt = new Forwarding(hold, key, this.reply, limits, this);
      this.#attempt = attempt;
      const { contentType, open } = call;
      const body = open && this.#upload ? this.#upload.send(call.body, open) : call.body;
      this.deps.upstream.dispatch(
        { method, path, key, head, body, contentType, firstByteTimeoutMs },
        attempt,
      );
    });
  }

  ended(attempt: Forwarding, outcome: Forwarded): void {
    this.#attempt = undefined;
    if (this.#isOver) this.unawaited.ended(attempt);
    if (isRejection(outcome)) {
      this.#resolve?.(outcome);
      return;
    }
    // Now rather than after the promise: the end of an answer travels with its last bytes.
    try {
      this.#settle(attempt, outcome);
      this.#resolve?.(undefined);
    } catch (error) {
      this.#reject?.(error);
    }
  }

  lost({ hold }: Forwarding, why: Lost): void {
    const isLate = why === 'timeout';
    this.deps.log.warn(isLate ? 'no answer' : 'answer broke off', this.#facts(hold, why));
    if (isLate) this.#refuse(failureForCaller(why));
    else this.#end('caller_gone');
    this.#leave();
    if (!isLate) this.reply.destroy();
  }

  #settle({ hold, key, isOverflow }: Forwarding, outcome: Forwarded): void {
    settle(hold, outcome);
    if (hold.lender !== undefined) {
      this.deps.metrics.overflowed?.(hold.demand.grant.workspace, hold.lender, hold.settledCost);
    }
    if (outcome.kind === 'delivered') {
      if (this.#isOver) return; // read for its usage alone
      this.#end('answered');
      this.reply.end(outcome.lastChunk);
    } else if (outcome.kind === 'error') {
      const gone = goneConversation(this.endpoint, outcome.status);
      this.#refuse(gone ?? errorForCaller(outcome, key, this.deps.now(), isOverflow));
    } else if (outcome.kind === 'unanswered') {
      this.deps.log.warn('no answer', this.#facts(hold, outcome.reason));
      this.#refuse(this.#upload?.problem ?? failureForCaller(outcome.reason));
    } else if (outcome.kind === 'broken off') {
      this.deps.log.warn('answer broke off', this.#facts(hold, outcome.reason));
      if (this.#isOver) return;
      this.#end('broken_off');
      this.reply.destroy();
    } else if (!hold.demand.streamed) {
      this.deps.log.warn('answer not read to its end', this.#facts(hold, 'caller gone'));
    }
  }

  #giveUp(hold: Hold, problem: Problem, isKeyRejected = false): void {
    if (isKeyRejected && !this.#isOver) {
      const reason = '401, also with the secret read again';
      this.deps.log.error('key rejected', this.#facts(hold, reason));
      this.deps.alerts.unauthorized(hold.sender);
    }
    hold.release();
    this.#refuse(problem);
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
    this.deps.log.error('request failed', { reason, path: this.endpoint.path });
    if (this.#isOver) return;
    if (this.#attempt || this.reply.started) {
      this.abandon('internal_error');
      this.reply.destroy();
      return;
    }
    this.#hold?.release();
    this.#refuse(internalError());
  }

  #refuse(answer: Problem | WholeAnswer): void {
    if (this.#isOver) return;
    this.#end(outcomeOf(answer));
    send(this.reply, 'kind' in answer ? answerOf(answer) : answer);
  }

  #end(outcome: RequestOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upload?.stop();
    if (!this.#hold) recordRefusal(this.deps, this.head, this.endpoint, this.#modelId, outcome);
    this.deps.metrics.ended(outcome, this.deps.now().getTime() - this.#startedAt);
  }

  #facts(hold: Hold, reason: string) {
    return { reason, path: this.endpoint.path, ...factsOf(hold) };
  }
}
