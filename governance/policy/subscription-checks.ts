import { ORGANIZATION } from '../platform/metrics.js';
import type { Policy } from './policy.js';
import { endpointProblem } from './policy-fields.js';
import { type PolicyProblem, quoted, unknown } from './policy-problem.js';

/** Each endpoint once, of the form that its protocol takes, with a filter that lets something pass. */
export function* subscriptions({ alerts, workspaces }: Policy): Generator<PolicyProblem> {
  const scopes = [...workspaces.map(({ name }) => name), ORGANIZATION];
  for (const [index, { protocol, endpoint, filter }] of alerts.subscriptions.entries()) {
    const first = alerts.subscriptions.findIndex(
      (other) => other.protocol === protocol && other.endpoint === endpoint,
    );
    if (first < index) {
      yield {
        path: ['alerts', 'subscriptions', index, 'endpoint'],
        message: `${quoted(endpoint)} is already the endpoint of subscriptions[${first}]: each must be unique`,
      };
    }
    for (const [position, workspace] of (filter?.workspace ?? []).entries()) {
      if (scopes.includes(workspace)) continue;
      yield {
        path: ['alerts', 'subscriptions', index, 'filter', 'workspace', position],
        message: unknown('workspace', workspace, scopes),
      };
    }
    const problem = endpointProblem(protocol, endpoint);
    if (problem) {
      yield {
        path: ['alerts', 'subscriptions', index, 'endpoint'],
        message: `${quoted(endpoint)} does not fit protocol ${protocol}: ${problem}`,
      };
    }
  }
}
