import { createKeyClients } from '../../governance/keys/key-clients.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRollBackKeyHandler } from './handler.js';

export function wireRollBackKey(runtime: LoggingRuntime) {
  const { log, now } = runtime;
  return createRollBackKeyHandler({ ...createKeyClients(runtime), log, now });
}
