import { createKeyClients } from '../../governance/keys/key-clients.aws.js';
import type { FunctionRuntime } from '../../governance/policy/function-runtime.js';
import { createConfirmRevocationHandler } from './handler.js';

export function wireConfirmRevocation(runtime: FunctionRuntime) {
  return createConfirmRevocationHandler({ ...createKeyClients(runtime), now: runtime.now });
}
