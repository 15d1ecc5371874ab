import { refusedCaller } from '../governance/metering/admission.js';
import { type Endpoint, endpointOf, isMetered } from '../governance/metering/endpoints.js';
import { answerOf, type Problem, type WholeAnswer } from '../governance/metering/problem.js';
import { UNAWAITED_LIMITS, UnawaitedAnswers } from '../governance/metering/unawaited-answers.js';
import type { GatewayAlerts, GatewayDeps } from './gateway-deps.js';
import { outcomeOf, type RequestOutcome } from './gateway-metrics.js';
import { LateAnswers } from './late-answers.js';
import { MeteredRequest } from './metered-request.js';
import { listModels } from './model-list.js';
import { BATCH_OPERATIONS } from './objects/batch-jobs.js';
import { CONVERSATION_OPERATIONS } from './objects/conversations.js';
import { FILE_OPERATIONS } from './objects/files.js';
import { ObjectRequest } from './objects/object-request.js';
import { internalError } from './problems.js';
import { RequestsAtLimit } from './rate-limit.js';
import { type CallHead, type Reply, type RequestInFlight, send } from './reply.js';
import { standingOf } from './standing.js';
import type { Upload } from './uploads/upload.js';

/** Mistral's API for callers without a key. Every shell passes its requests on to it. */
export interface Gateway {
  readonly maxBodyBytes: number;
  /** How long a caller may take to read the end of its answer. */
  readonly readWithinMs: number;
  /** Refuses what can be refused without its body, unknown callers among it. */
  route(method: string, target: string, callerArn: string | undefined): Endpoint | Problem;
  /** Counts a request that a shell answers by itself, with what is wrong with its body. */
  refused(problem: Problem): void;
  handle(endpoint: Endpoint, head: CallHead, body: Buffer | Upload, reply: Reply): RequestInFlight;
  /** Waits for requests that have a caller, then closes the connections to Mistral. */
  close(): Promise<void>;
}

const ALERT_EVERY_MS = 300_000;

export function createGateway(given: GatewayDeps): Gateway {
  const deps = {
    ...given,
    alerts: { ...given.alerts, unauthorized: throttled(given.alerts.unauthorized, given.now) },
  };
  const refused = (refusal: Problem) => deps.metrics.ended(outcomeOf(refusal), 0);
  const unawaited = new UnawaitedAnswers(given.unawaited ?? UNAWAITED_LIMITS);
  const { firstByteTimeoutSeconds, idleTimeoutSeconds } = given.policy.gateway;
  const limits = {
    lateAnswers: new LateAnswers(firstByteTimeoutSeconds * 1000),
    stallMs: idleTimeoutSeconds * 1000,
    atRateLimit: new RequestsAtLimit(),
  };

  return {
    maxBodyBytes: deps.policy.gateway.maxBodyBytes,
    readWithinMs: limits.stallMs,

    route(method, target, callerArn) {
      const endpoint = endpointOf(method, target);
      const isKnown = endpoint.kind !== 'problem';
      const refusal = isKnown ? refusedCaller(callerArn, deps.access) : undefined;
      if (refusal && callerArn !== undefined) deps.alerts.callerRefused?.(callerArn, refusal.code);
      const answer = refusal ?? endpoint;
      if (answer.kind === 'problem') refused(answer);
      return answer;
    },

    refused,

    handle(endpoint, head, body, reply) {
      if (endpoint.kind === 'model-list') {
        const { access } = deps;
        const find = () => listModels(access, head.callerArn, endpoint.modelName);
        return answerUnmetered(deps, find, reply);
      }
      if (endpoint.kind === 'caller') {
        return answerUnmetered(deps, () => standingOf(deps, head.callerArn), reply);
      }
      if (!isMetered(endpoint)) {
        const operation = OPERATIONS[`${endpoint.method} ${endpoint.route}`];
        if (!operation) throw new Error(`no operation for ${endpoint.route}`);
        const request = new ObjectRequest(deps, limits.stallMs, endpoint, head, reply);
        request.answer(operation, body);
        return request;
      }
      const request = new MeteredRequest(deps, limits, unawaited, endpoint, head, reply);
      request.answer(body);
      return request;
    },

    close() {
      unawaited.close();
      return deps.upstream.close();
    },
  };
}

const OPERATIONS = { ...FILE_OPERATIONS, ...CONVERSATION_OPERATIONS, ...BATCH_OPERATIONS };

type Answer = Problem | WholeAnswer;

/** What the gateway answers by itself, and nothing is reserved for. */
function answerUnmetered(
  { log, metrics, now }: GatewayDeps,
  find: () => Answer | Promise<Answer>,
  reply: Reply,
): RequestInFlight {
  const startedAt = now().getTime();
  let isAwaited = true;
  const end = (outcome: RequestOutcome) => {
    isAwaited = false;
    metrics.ended(outcome, now().getTime() - startedAt);
  };
  const answer = async () => {
    const found = await find();
    if (!isAwaited) return;
    end(outcomeOf(found));
    send(reply, 'kind' in found ? answerOf(found) : found);
  };
  answer().catch((error) => {
    log.error('not answered', { error });
    if (!isAwaited) return;
    end('internal_error');
    send(reply, answerOf(internalError()));
  });
  return { abandon: () => isAwaited && end('caller_gone'), readsOn: undefined };
}

/** Such a key fails every request of its workspace: on-call needs one alert, not thousands. */
function throttled(
  send: GatewayAlerts['unauthorized'],
  now: () => Date,
): GatewayAlerts['unauthorized'] {
  const sentAt = new Map<string, number>();
  return (workspace) => {
    const at = now().getTime();
    if (at - (sentAt.get(workspace) ?? Number.NEGATIVE_INFINITY) < ALERT_EVERY_MS) return;
    sentAt.set(workspace, at);
    send(workspace);
  };
}
