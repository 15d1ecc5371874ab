import { Metrics } from '@aws-lambda-powertools/metrics';
import { createGatewayMetrics } from '../../gateway/gateway-metrics.js';
import { createHttpShell } from '../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../gateway/server/undici-upstream.js';
import { openGateway } from '../../gateway/wiring.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { benchPolicy, CALLER_HEADER } from './bench-policy.js';
import { type EventLoopWatch, watchEventLoop } from './holds.js';
import { answerParent, tellParent } from './parent.js';

/** Our gateway's plain server with every check on; only DynamoDB and the key's secret are stand-ins. */
const counters = createFakeQuotaCounters();
const key = new ApiKey('KeyOfTheBenchKeyOfTheBenchKeyOfT');
const policy = benchPolicy(process.argv[2] ?? '');
const { gateway } = openGateway({
  policy,
  upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway),
  keys: () => ({ current: () => key, instead: async () => key }),
  counters,
  alerts: { publish: async () => {} },
  metrics: createGatewayMetrics(createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE }))),
  log: { info() {}, warn() {}, error() {} },
  holderId: 'bench',
  flushEverySeconds: 1,
});
const { server } = createHttpShell(gateway, { callerHeader: CALLER_HEADER });
server.listen(0, '127.0.0.1', () => tellParent(server));

let watch: EventLoopWatch | undefined; // not during other measurements
answerParent((question) => {
  if (question === 'longest hold') {
    watch ??= watchEventLoop();
    return watch.longest();
  }
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  if (question === 'writes') return counters.writes();
  if (question === 'peak memory') return process.resourceUsage().maxRSS * 1024;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
});
