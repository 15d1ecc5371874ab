import { createHttpShell } from '../../gateway-server/http-shell.js';
import { createUndiciUpstream } from '../../gateway-server/undici-upstream.js';
import { createGateway } from '../../lambdas/gateway/gateway.js';
import { createQuotaMetering } from '../../lambdas/metering/quota-metering.js';
import {
  fakeAuthorize,
  fakeDirectory,
  fakeKeys,
  fakeQuotas,
  fakeTariff,
} from '../../test/support/gateway-fakes.js';
import { benchPolicy, CALLER_HEADER } from './bench-policy.js';
import { answerParent, tellParent } from './child.js';

/** Our gateway's Node shell with every check on, quotas and keys in memory. */
const policy = benchPolicy(process.argv[2] ?? '');
const models = fakeDirectory();
const gateway = createGateway({
  policy,
  upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway),
  authorize: fakeAuthorize(policy, models),
  metering: createQuotaMetering(policy, fakeQuotas(), fakeTariff),
  keys: fakeKeys(),
  models,
  alerts: { unauthorized() {} },
  log: { info() {}, warn() {}, error() {} },
});
const { server } = createHttpShell(gateway, { callerHeader: CALLER_HEADER });
server.listen(0, '127.0.0.1', () => tellParent(server));

answerParent((question) => {
  if (question === 'cpu') {
    const { user, system } = process.cpuUsage();
    return user + system;
  }
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
});
