import { createKeyClients } from '../../governance/keys/key-clients.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createVerifyRetirementHandler } from './handler.js';

export function wireVerifyRetirement(runtime: LoggingRuntime) {
  const { log, now } = runtime;
  return createVerifyRetirementHandler({ ...createKeyClients(runtime), log, now });
}
