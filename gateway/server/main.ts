import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { connectGateway } from '../wiring.js';
import { serveGateway } from './serve.js';
import { parseServeOptions } from './serve-options.js';
import { createUndiciUpstream } from './undici-upstream.js';

const parsed = parseServeOptions(process.argv.slice(2), process.env);
if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.message}\n`);
  process.exit(2);
}

const { options } = parsed;
const policy = loadPolicy(options.policyPath);
const opened = connectGateway({
  ...options,
  policy,
  aws: AWS_CLIENT,
  upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway),
  metrics: createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE })),
  log: new Logger({ serviceName: 'gateway' }),
  now: () => new Date(),
  holderId: randomUUID(),
  flushEverySeconds: 1,
});
await opened.ready;
const running = await serveGateway(options, opened);
process.stdout.write(`the gateway is listening at ${running.url}/v1\n`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await running.stop();
    process.exit(0);
  });
}
