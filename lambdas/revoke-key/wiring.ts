import { createKeyClients } from '../../governance/keys/key-clients.aws.js';
import type { LoggingRuntime } from '../../governance/policy/function-runtime.js';
import { createRevokeKeyHandler } from './handler.js';

export function wireRevokeKey(runtime: LoggingRuntime) {
  const { log, now } = runtime;
  return createRevokeKeyHandler({ ...createKeyClients(runtime), log, now });
}
