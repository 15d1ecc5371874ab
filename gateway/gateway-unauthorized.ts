import type { Alert } from '../governance/alerts/alert.js';
import { GATEWAY_KEY_NAME, secretName } from '../governance/policy/planned-keys.js';

/** Mistral rejects the gateway's key of a workspace, also after the secret was read again. */
export function gatewayUnauthorized(workspace: string, at: Date): Alert {
  const secret = secretName(workspace, GATEWAY_KEY_NAME);
  return {
    type: 'gateway-unauthorized',
    severity: 'critical',
    workspace,
    threadId: `gateway-unauthorized-${workspace}`,
    at,
    title: `Gateway down for ${workspace}: Mistral rejects its key (401)`,
    description: `Every gateway request of ${workspace} now fails with 502 upstream_unauthorized. Mistral answers 401 to the gateway's key, also after the secret was read again. The key may be revoked, the workspace suspended, or a spend limit at Mistral reached: Mistral gives the same answer for all three.`,
    facts: { secret, workspace },
    nextSteps: [
      {
        say: 'Check when the secret was last rotated. After a rotation Mistral may need some minutes to accept the new key',
        command: `aws secretsmanager describe-secret --secret-id ${secret} --query '{rotated: LastRotatedDate, labels: VersionIdsToStages}'`,
      },
      {
        say: 'Check in the Mistral console whether the workspace is suspended, a bill is unpaid, or a spend limit of the workspace or the organization is reached',
      },
      {
        say: 'If Mistral rejects only this key, create a new one',
        command: `aws secretsmanager rotate-secret --secret-id ${secret}`,
      },
    ],
  };
}
