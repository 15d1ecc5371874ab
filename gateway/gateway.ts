import { setTimeout as wait } from 'node:timers/promises';
import type { ModelDirectory } from '../governance/access/model-directory.js';
import { type Endpoint, endpointOf } from '../governance/metering/endpoints.js';
import type { Authorize, Metering } from '../governance/metering/metering.js';
import { answerOf, type Problem, shownCode } from '../governance/metering/problem.js';
import type { WorkspaceKeys } from '../governance/metering/workspace-keys.js';
import type { Log } from '../governance/platform/log.js';
import type { Policy } from '../governance/policy/policy.js';
import type { GatewayAlerts, GatewayContext } from './context.js';
import { MeteredExchange } from './exchange.js';
import type { GatewayMetrics } from './gateway-metrics.js';
import { createModelList, type ModelList } from './model-list.js';
import type { CallHead, Exchange, Reply } from './reply.js';
import type { Upstream } from './upstream.js';
import { internalError } from './upstream-error.js';

export interface GatewayDeps {
  readonly policy: Pick<Policy, 'workspaces' | 'gateway'>;
  readonly upstream: Upstream;
  readonly authorize: Authorize;
  readonly metering: Metering;
  readonly keys: WorkspaceKeys;
  readonly models: ModelDirectory;
  readonly alerts: GatewayAlerts;
  /** @default nothing is measured */
  readonly metrics?: Pick<GatewayMetrics, 'ended' | 'refused'>;
  readonly log: Log;
  /** @default the clock */
  readonly now?: () => Date;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  readonly random?: () => number;
  /** @default 2000 */
  readonly backoffMs?: number;
}

/** Mistral's API for callers without a key: what every shell hands its requests to. */
export interface Gateway {
  readonly maxBodyBytes: number;
  /** What is refused before its body is read. */
  route(method: string, target: string): Endpoint | Problem;
  handle(endpoint: Endpoint, head: CallHead, body: Buffer, reply: Reply): Exchange;
  /** Waits for requests under way, then closes the connections to Mistral. */
  close(): Promise<void>;
}

const NOTHING_LEFT: Exchange = { abandon() {} };
const NOT_MEASURED: GatewayContext['metrics'] = { ended() {}, refused() {} };
const ALERT_EVERY_MS = 300_000;

export function createGateway(deps: GatewayDeps): Gateway {
  const { workspaces, gateway } = deps.policy;
  const now = deps.now ?? (() => new Date());
  const context: GatewayContext = {
    authorize: deps.authorize,
    metering: deps.metering,
    keys: deps.keys,
    models: deps.models,
    workspaces,
    upstream: deps.upstream,
    alerts: seldom(deps.alerts, now),
    metrics: deps.metrics ?? NOT_MEASURED,
    log: deps.log,
    now,
    sleep: deps.sleep ?? ((milliseconds) => wait(milliseconds)),
    random: deps.random ?? Math.random,
    backoffMs: deps.backoffMs ?? 2000,
    stallMs: gateway.idleTimeoutSeconds * 1000,
  };
  const modelList = createModelList(context);

  return {
    maxBodyBytes: gateway.maxBodyBytes,
    route: endpointOf,

    handle(endpoint, head, body, reply) {
      if (endpoint.kind === 'model-list') {
        void answerModelList(context, modelList, endpoint, head, reply);
        return NOTHING_LEFT;
      }
      const exchange = new MeteredExchange(context, endpoint, head, reply);
      try {
        exchange.begin(body);
      } catch (error) {
        exchange.fail(error);
      }
      return exchange;
    },

    close: () => context.upstream.close(),
  };
}

async function answerModelList(
  { metrics, now }: GatewayContext,
  modelList: ModelList,
  { modelName }: Endpoint,
  { callerArn }: CallHead,
  reply: Reply,
): Promise<void> {
  const startedAt = now().getTime();
  const answer = await modelList.answer(callerArn, modelName).catch(internalError);
  const { status, headers, body } = 'kind' in answer ? answerOf(answer) : answer;
  const passedOn = status < 400 ? 'answered' : 'refused_by_mistral';
  const outcome = 'kind' in answer ? shownCode(answer.code) : passedOn;
  metrics.ended(outcome, now().getTime() - startedAt);
  reply.start(status, headers);
  reply.end(body);
}

/** A refused key fails every request of its workspace: on-call needs to hear of it once. */
function seldom(alerts: GatewayAlerts, now: () => Date): GatewayAlerts {
  const told = new Map<string, number>();
  return {
    unauthorized(workspace) {
      const at = now().getTime();
      if (at - (told.get(workspace) ?? Number.NEGATIVE_INFINITY) < ALERT_EVERY_MS) return;
      told.set(workspace, at);
      alerts.unauthorized(workspace);
    },
  };
}
