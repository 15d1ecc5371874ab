import type { MeteredEndpoint } from '../governance/metering/endpoints.js';
import type { GatewayDeps } from './gateway-deps.js';
import type { RequestOutcome } from './gateway-metrics.js';
import type { CallHead } from './reply.js';

/** Into the ledger: who was refused what before anything was sent, and why. */
export function recordRefusal(
  { record, access, now }: GatewayDeps,
  { callerArn }: CallHead,
  { route }: MeteredEndpoint,
  modelId: string | undefined,
  outcome: RequestOutcome,
): void {
  const known = record && callerArn !== undefined && access.callerOf(callerArn);
  if (!known || known.kind === 'refuse' || outcome === 'caller_gone') return;
  const { workspace, role } = known.access;
  const asker = { workspace, role, caller: known.ledgerName };
  record.refused({ asker, atMs: now().getTime(), route, modelId, code: outcome });
}
