import type { Alert } from '../governance/alerts/alert.js';
import { GATEWAY_KEY_NAME, secretName } from '../governance/policy/planned-keys.js';

/** Mistral refuses the key that the gateway uses for a workspace, even read afresh. */
export function gatewayUnauthorized(workspace: string, at: Date): Alert {
  const secret = secretName(workspace, GATEWAY_KEY_NAME);
  return {
    type: 'gateway-unauthorized',
    severity: 'critical',
    workspace,
    threadId: `gateway-unauthorized-${workspace}`,
    at,
    title: `Mistral refuses the gateway's key of ${workspace}`,
    description: `Mistral answers 401 to the gateway's key of ${workspace}, also after the secret was read afresh. Every request of that workspace fails with 502 upstream_unauthorized now. The key may be revoked, or the workspace suspended, or a spend limit at Mistral reached: Mistral answers the same to all of them.`,
    facts: { secret, workspace },
    nextSteps: [
      {
        say: 'See when the secret was last rotated; right after a rotation Mistral may need some minutes',
        command: `aws secretsmanager describe-secret --secret-id ${secret} --query '{rotated: LastRotatedDate, labels: VersionIdsToStages}'`,
      },
      {
        say: "Look in the Mistral console whether the workspace is suspended, its or the organization's spend limit reached, or a bill unpaid",
      },
      {
        say: 'If only this key is refused, make a new one',
        command: `aws secretsmanager rotate-secret --secret-id ${secret}`,
      },
    ],
  };
}
