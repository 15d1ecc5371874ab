import type { Alert } from '../alert.js';
import type { RegisteredSecret } from '../removal.js';

/** A key that left the policy, where only a person can delete it. */
export function removedKey({ secretName, workspace }: RegisteredSecret, at: Date): Alert {
  const keyName = secretName.split('/').at(-1) ?? secretName;
  return {
    type: 'deletion-needed',
    severity: 'warning',
    workspace,
    threadId: `key-${secretName}`,
    at,
    title: `Delete the key of ${secretName}, which left the policy`,
    description: `The policy no longer names ${secretName}. Its key goes on working, and its readers may still read the secret, until you delete both. You are told once: nothing watches over a key that is not in the policy.`,
    facts: { secret: secretName, 'key at Mistral': `${keyName}-<day>-<version>` },
    nextSteps: [
      {
        say: 'See when somebody last read the secret, and move whoever still does',
        command: `aws secretsmanager describe-secret --secret-id ${secretName} --query LastAccessedDate`,
      },
      {
        say: `Delete the key at https://console.mistral.ai > workspace ${workspace} > API keys`,
      },
      {
        say: 'Then delete the secret',
        command: `aws secretsmanager delete-secret --secret-id ${secretName}`,
      },
    ],
  };
}
