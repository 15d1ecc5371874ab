import type { Alert, NextStep } from '../governance/alerts/alert.js';
import { supplyCommand } from '../governance/keys/operator/operator-secret.js';
import { releaseAnyCommand, rotateCommand } from '../governance/keys/rotate-command.js';
import { shell } from '../governance/platform/quoting.js';
import { GATEWAY_KEY_NAME, secretName } from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';

type KeySource = Policy['mistral']['keySource'];

/** Mistral rejects the gateway's key of a workspace, also after the secret was read again. */
export function gatewayUnauthorized(workspace: string, keySource: KeySource, at: Date): Alert {
  const secret = secretName(workspace, GATEWAY_KEY_NAME);
  return gatewayDown(workspace, at, {
    title: 'Mistral rejects its key (401)',
    description: `Every gateway request of ${workspace} now fails with 403 upstream_unauthorized. Mistral answers 401 to the gateway's key, also after the secret was read again. The key may be revoked, the workspace suspended, or a spend limit at Mistral reached: Mistral gives the same answer for all three.`,
    nextSteps: [
      {
        say: 'Check when the secret was last rotated. After a rotation Mistral may need some minutes to accept the new key',
        command: describeCommand(secret),
      },
      {
        say: 'Check in the Mistral console whether the workspace is suspended, a bill is unpaid, or a spend limit of the workspace or the organization is reached',
      },
      ...newKeySteps('If Mistral rejects only this key', secret, keySource),
    ],
  });
}

/** The secret of the gateway's key holds a value that is no key. Says nothing of what it holds. */
export function gatewayKeyUnusable(workspace: string, keySource: KeySource, at: Date): Alert {
  const secret = secretName(workspace, GATEWAY_KEY_NAME);
  return gatewayDown(workspace, at, {
    title: 'its secret holds no usable key',
    description: `The gateway answers requests of ${workspace} with 403 key_unavailable, except where a running process still has the previous key in memory. Nothing is booked for them. The value of ${secret} is not what a rotation writes, or its key has characters that no header may carry: an administrator probably stored it by hand.`,
    nextSteps: [
      {
        say: 'Check which version is current, and when the secret was last rotated',
        command: describeCommand(secret),
      },
      ...newKeySteps('Replace the value', secret, keySource),
    ],
  });
}

function gatewayDown(
  workspace: string,
  at: Date,
  { title, ...text }: Pick<Alert, 'title' | 'description' | 'nextSteps'>,
): Alert {
  return {
    type: 'gateway-unauthorized',
    severity: 'critical',
    workspace,
    threadId: `gateway-unauthorized-${workspace}`,
    at,
    title: `Gateway down for ${workspace}: ${title}`,
    facts: { secret: secretName(workspace, GATEWAY_KEY_NAME), workspace },
    ...text,
  };
}

function describeCommand(secret: string): string {
  return shell`aws secretsmanager describe-secret --secret-id ${secret} --query '{rotated: LastRotatedDate, labels: VersionIdsToStages}'`;
}

/** The gateway may read the secret's value alone, so that only a person sees whether a rotation hangs. */
function newKeySteps(when: string, secret: string, keySource: KeySource): NextStep[] {
  if (keySource === 'operator') {
    return [{ say: `${when}: supply a new key`, command: supplyCommand({ secretName: secret }) }];
  }
  return [
    {
      say: 'If the labels show AWSPENDING on another version than AWSCURRENT, a rotation is unfinished: release it before the next step',
      command: releaseAnyCommand(secret),
    },
    { say: `${when}: create a new key`, command: rotateCommand(secret) },
  ];
}
