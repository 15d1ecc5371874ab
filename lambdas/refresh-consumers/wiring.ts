import { createConsumers } from '../../governance/keys/consumers.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRefreshConsumersHandler } from './handler.js';

export function wireRefreshConsumers({ policy, aws, log, now }: LoggingRuntime) {
  return createRefreshConsumersHandler({ policy, consumers: createConsumers(aws), log, now });
}
