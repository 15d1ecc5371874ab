import type { Alert } from '../alerts/alert.js';
import type { Finding } from './finding.js';

/** Asks a person for a key that nothing of ours can create. */
export function keyNeeded(finding: Finding, at: Date): Alert {
  const { subject, workspace, severity, evidence, nextCommand } = finding;
  const { why = '', ...facts } = evidence;
  const isFirst = why.startsWith('first key');
  return {
    type: 'key-needed',
    severity,
    workspace,
    threadId: `key-${subject}`,
    at,
    title: `Supply a ${isFirst ? 'key' : 'new key'} for ${subject}`,
    description: isFirst
      ? `The secret ${subject} holds no key, so nothing that reads it can call Mistral. The policy has no Admin API to create keys with (mistral.keySource: operator), so a person must.`
      : `The key in ${subject} is ${why}. It goes on working until it expires; after that, everything that reads the secret is refused by Mistral. The new key takes over without an interruption.`,
    facts: { ...facts, why },
    nextSteps: [
      {
        say: 'Run this where the policy file is, with --policy, --stack or --environment if you deploy with others than the default: it says how to name the key and when it should expire, then asks for it',
        command: nextCommand,
      },
      {
        say: `Create the key in workspace ${workspace} at https://console.mistral.ai > API keys, and paste it where the command asks; nowhere else, and never as an argument`,
      },
    ],
  };
}
