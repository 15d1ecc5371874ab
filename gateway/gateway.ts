import { refusedCaller } from '../governance/metering/admission.js';
import { type Endpoint, endpointOf } from '../governance/metering/endpoints.js';
import { answerOf, type Problem } from '../governance/metering/problem.js';
import { UNAWAITED_LIMITS, UnawaitedAnswers } from '../governance/metering/unawaited-answers.js';
import type { GatewayAlerts, GatewayDeps } from './gateway-deps.js';
import { outcomeOf } from './gateway-metrics.js';
import { LateAnswers } from './late-answers.js';
import { MeteredRequest } from './metered-request.js';
import { listModels } from './model-list.js';
import { internalError } from './problems.js';
import { RequestsAtLimit } from './rate-limit.js';
import { type CallHead, type Reply, type RequestInFlight, send } from './reply.js';

/** Mistral's API for callers without a key. Every shell passes its requests on to it. */
export interface Gateway {
  readonly maxBodyBytes: number;
  /** How long a caller may take to read the end of its answer. */
  readonly readWithinMs: number;
  /** Refuses what can be refused without its body, unknown callers among it. */
  route(method: string, target: string, callerArn: string | undefined): Endpoint | Problem;
  /** Counts a request that a shell answers by itself, with what is wrong with its body. */
  refused(problem: Problem): void;
  handle(endpoint: Endpoint, head: CallHead, body: Buffer, reply: Reply): RequestInFlight;
  /** Waits for requests that have a caller, then closes the connections to Mistral. */
  close(): Promise<void>;
}

const NOTHING_IN_FLIGHT: RequestInFlight = { abandon() {}, readsOn: undefined };
const ALERT_EVERY_MS = 300_000;

export function createGateway(given: GatewayDeps): Gateway {
  const deps = {
    ...given,
    alerts: { unauthorized: throttled(given.alerts.unauthorized, given.now) },
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
      const answer = (isKnown && refusedCaller(callerArn, deps.access)) || endpoint;
      if (answer.kind === 'problem') refused(answer);
      return answer;
    },

    refused,

    handle(endpoint, head, body, reply) {
      if (endpoint.kind === 'model-list') {
        answerModelList(deps, endpoint, head, reply);
        return NOTHING_IN_FLIGHT;
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

function answerModelList(
  deps: GatewayDeps,
  { modelName }: Endpoint,
  { callerArn }: CallHead,
  reply: Reply,
): void {
  const startedAt = deps.now().getTime();
  const answer = listOf(deps, callerArn, modelName);
  deps.metrics.ended(outcomeOf(answer), deps.now().getTime() - startedAt);
  send(reply, 'kind' in answer ? answerOf(answer) : answer);
}

function listOf({ access, log }: GatewayDeps, callerArn?: string, modelName?: string) {
  try {
    return listModels(access, callerArn, modelName);
  } catch (error) {
    log.error('models not listed', { error });
    return internalError();
  }
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
