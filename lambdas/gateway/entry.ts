import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { createMetricLines } from '../../governance/platform/metric-lines.js';
import { METRICS_NAMESPACE } from '../../governance/platform/metrics.js';
import { lambdaRuntime } from '../../governance/policy/function-runtime.js';
import { wireGateway } from './wiring.js';

export const handler = wireGateway({
  ...lambdaRuntime(process.env),
  log: new Logger(),
  metrics: createMetricLines(new Metrics({ namespace: METRICS_NAMESPACE })),
});
