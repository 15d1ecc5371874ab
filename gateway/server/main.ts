import '../../governance/platform/no-inspector.js';
import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AWS_CLIENT } from '../../governance/platform/aws-client.js';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { openOutbound } from '../../governance/platform/outbound.js';
import { outboundSettings } from '../../governance/platform/outbound-settings.js';
import { loadPolicy } from '../../governance/policy/load-policy.js';
import { connectGateway } from '../wiring.js';
import { serveGateway } from './serve.js';
import { parseServeOptions, type ServeOptions } from './serve-options.js';
import { startFailure } from './start-failure.js';
import { createUndiciUpstream } from './undici-upstream.js';

const parsed = parseServeOptions(process.argv.slice(2), process.env);
if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.message}\n`);
  process.exit(2);
}

// What the SDK says about Node's version belongs to no error.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

try {
  await serve(parsed.options);
} catch (error) {
  process.stderr.write(`${startFailure(error, parsed.options)}\n`);
  process.exit(1);
}

async function serve(options: ServeOptions): Promise<void> {
  const policy = loadPolicy(options.policyPath);
  const settings = outboundSettings(process.env);
  const outbound = settings && openOutbound(settings);
  const aws = {
    ...AWS_CLIENT,
    requestHandler: { ...AWS_CLIENT.requestHandler, ...outbound?.requestHandler },
  };
  const { config } = new SecretsManagerClient(aws);
  await config.region();
  await config.credentials();
  const opened = connectGateway({
    ...options,
    policy,
    aws,
    upstream: createUndiciUpstream(policy.mistral.apiUrl, policy.gateway, outbound?.connect),
    metrics: createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE })),
    log: new Logger({ serviceName: 'gateway' }),
    now: () => new Date(),
    holderId: randomUUID(),
    flushEverySeconds: 1,
  });
  const running = await serveGateway(options, opened);
  process.stdout.write(`the gateway is listening at ${running.url}/v1\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, async () => {
      await running.stop();
      process.exit(0);
    });
  }
  await running.ready;
  process.stdout.write('the gateway is ready\n');
}
