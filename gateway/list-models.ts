import type { WorkspaceKeys } from '../governance/metering/workspace-keys.js';
import { createModelLister, type ModelCard } from '../governance/mistral/key-prober.js';
import { createMistralHttp } from '../governance/mistral/mistral-http.js';
import { gatewayWorkspaces } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import type { GatewayMetrics } from './gateway-metrics.js';

/** Lists models with the first workspace's key that can be read and that Mistral accepts. */
export async function listModels(
  policy: Policy,
  keys: WorkspaceKeys,
  metrics: Pick<GatewayMetrics, 'refused'>,
): Promise<readonly ModelCard[]> {
  const counted: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    if (answer.status === 401 || answer.status === 429) metrics.refused(answer.status);
    return answer;
  };
  const list = createModelLister(createMistralHttp(policy.mistral.apiUrl, { fetch: counted }));
  let failure: unknown;
  for (const { name } of gatewayWorkspaces(policy)) {
    try {
      return await list(await keys.current(name));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}
