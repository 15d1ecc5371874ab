import type { CallerAccess } from '../../governance/access/compile-access.js';
import { refusalOf, unknownCaller } from '../../governance/metering/admission.js';
import type { Endpoint } from '../../governance/metering/endpoints.js';
import {
  answerOf,
  objectNotFound,
  objectsUnavailable,
  type Problem,
  problem,
  type WholeAnswer,
} from '../../governance/metering/problem.js';
import type { ObjectKind } from '../../governance/objects/objects.js';
import type { Ownership } from '../../governance/objects/ownership.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { outcomeOf, type RequestOutcome } from '../gateway-metrics.js';
import { errorForCaller, internalError } from '../problems.js';
import { type CallHead, type Reply, type RequestInFlight, send } from '../reply.js';
import { headersForCaller } from '../response-headers.js';
import { tellStanding } from '../standing.js';
import { Upload } from '../uploads/upload.js';
import { type Asked, askMistral, type Question } from './ask-mistral.js';
import type { Destination, Sink, Transfer } from './transfer.js';

/** One operation on objects, as far as it knows who asks. */
export interface ObjectCall {
  readonly deps: GatewayDeps;
  readonly objects: Ownership;
  readonly owner: CallerAccess;
  readonly callerArn: string;
  readonly endpoint: Endpoint;
  readonly head: CallHead;
  readonly body: Buffer | Upload;
  /** Asks Mistral with the key of the caller's workspace. */
  ask(
    question: Pick<Question, 'method' | 'path' | 'body' | 'contentType' | 'isOnce'>,
  ): Promise<Asked>;
  /** The same for a long answer, which is passed on to the caller as it comes. */
  passOn(path: string, form: Destination['form']): Promise<Asked>;
  /** The same, with the answer read here as it comes. */
  read(path: string, sink: Sink): Promise<Asked>;
  /** Whether the caller still waits. */
  isAwaited(): boolean;
}

/** `delivered` once the answer is with the caller, or a part of it that is all there is. */
export type Operation = (
  call: ObjectCall,
) => Promise<Problem | WholeAnswer | 'delivered' | 'broken off'>;

/**
 * One request about objects that live at Mistral. It counts as a request and costs nothing. Whose an object
 * is, is read before anything is sent, and what is not the caller's is answered as if it were not there.
 */
export class ObjectRequest implements RequestInFlight {
  readonly #startedAtMs: number;
  #isOver = false;
  #transfer: Transfer | undefined;
  #upload: Upload | undefined;
  #done: Promise<void> | undefined;

  constructor(
    private readonly deps: GatewayDeps,
    private readonly stallMs: number,
    private readonly endpoint: Endpoint,
    private readonly head: CallHead,
    private readonly reply: Reply,
  ) {
    this.#startedAtMs = deps.now().getTime();
  }

  answer(operation: Operation, body: Buffer | Upload): void {
    if (body instanceof Upload) this.#upload = body;
    this.#done = this.#answer(operation, body);
  }

  abandon(): void {
    if (this.#isOver) return;
    this.#end('caller_gone');
    this.#transfer?.cut();
    this.#upload?.stop();
  }

  /** What was asked of Mistral is recorded also where its caller is gone. */
  get readsOn(): Promise<void> | undefined {
    return this.#isOver ? this.#done : undefined;
  }

  async #answer(operation: Operation, body: Buffer | Upload): Promise<void> {
    const { log } = this.deps;
    try {
      const answer = await this.#perform(operation, body);
      if (answer === 'delivered') {
        this.#end('answered');
        this.reply.end();
      } else if (answer === 'broken off') {
        this.#end('broken_off');
        this.reply.destroy();
      } else this.#send(answer);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      log.error('request failed', { reason, path: this.endpoint.route });
      if (this.reply.started) this.reply.destroy();
      else this.#send(internalError());
    } finally {
      this.#upload?.stop();
    }
  }

  async #perform(operation: Operation, body: Buffer | Upload) {
    const { access, metering, quotas, objects, now } = this.deps;
    const { callerArn } = this.head;
    if (callerArn === undefined) return unknownCaller();
    const owner = access.callerOf(callerArn);
    if (owner.kind === 'refuse') return problem(owner.code, owner.message);
    if (!objects) return objectsUnavailable('not set up');
    const { workspace } = owner.access;

    const reserved = await metering.reserveRequest(workspace);
    tellStanding(
      this.reply,
      metering.quotasOf({ workspace, dailyTokens: owner.dailyTokens }),
      quotas,
    );
    if (reserved.kind !== 'reserved') return refusalOf(reserved, { modelId: '', workspace }, now());
    const send = { workspace, head: this.head };
    const question = async (asked: Omit<Question, keyof typeof send>) =>
      askMistral(this.deps, { ...asked, ...send });
    try {
      return await operation({
        ...{ deps: this.deps, objects, owner, callerArn, endpoint: this.endpoint },
        ...{ head: this.head, body },
        ask: question,
        read: (path, sink) => question({ method: 'GET', path, body: undefined, to: sink }),
        isAwaited: () => !this.#isOver,
        passOn: (path, form) =>
          question({
            ...{ method: 'GET', path, body: undefined },
            to: { reply: this.reply, stallMs: this.stallMs, form },
            onTransfer: (transfer) => {
              this.#transfer = transfer;
              if (this.#isOver) transfer.cut();
            },
          }),
      });
    } finally {
      reserved.settle([1]);
    }
  }

  #send(answer: Problem | WholeAnswer): void {
    if (this.#isOver) return;
    this.#end(outcomeOf(answer));
    send(this.reply, 'kind' in answer ? answerOf(answer) : answer);
  }

  #end(outcome: RequestOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.deps.metrics.ended(outcome, this.deps.now().getTime() - this.#startedAtMs);
  }
}

/** What the caller gets of Mistral's whole answer: one that is not there is so in our own words. */
export function answerFor(
  asked: Asked,
  kind: ObjectKind,
  now: Date,
): Problem | WholeAnswer | 'delivered' | 'broken off' {
  if (asked.kind === 'failed') return asked.problem;
  if (asked.kind !== 'answered') return asked.kind;
  const { status, headers, body, key } = asked;
  if (status === 404) return objectNotFound(kind);
  if (status >= 300) return errorForCaller(asked, key, now, false);
  return { status, headers: headersForCaller(headers, key, false), body };
}
