import type { Alert } from '../alert.js';
import type { OldKeyAnswer } from '../operator-retirement.js';
import { type ReplacementStory, tellRetirement } from './retirement-story.js';

export interface DeletionNeeded extends ReplacementStory {
  readonly checkAt: string;
}

/** Asks a person to delete a key that nothing of ours can delete. */
export function deletionNeeded(story: DeletionNeeded): Alert {
  const { secretName, workspace, oldKeyId, newKeyId, promotedAt } = story.retirement;
  return tellRetirement(story, {
    type: 'deletion-needed',
    severity: 'warning',
    title: `Delete the old key of ${secretName} in Mistral's console`,
    description: `Key ${oldKeyId} was replaced at ${promotedAt}; since then every reader's cache has expired and the quiet days have passed. Mistral accepts the key that is in charge now, and still accepts the old one: until it is deleted, every copy of it works. You are reminded daily, and the retirement ends when Mistral refuses it.`,
    facts: {
      'why it is safe': `AWSCURRENT does not hold it, and Mistral accepts the key that does (${newKeyId} or a later one)`,
      'looked at again at': story.checkAt,
    },
    nextSteps: [
      {
        say: `At https://console.mistral.ai > workspace ${workspace} > API keys, see when ${oldKeyId} was last used: one use a day is this check, anything more is a service that holds a copy`,
      },
      { say: `If nothing else uses it, delete ${oldKeyId} there, and no other key` },
    ],
  });
}

export function oldKeyDeleted(story: ReplacementStory): Alert {
  const { secretName, oldKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'key-revoked',
    severity: 'info',
    title: `Old key of ${secretName} is deleted`,
    description: `Mistral refuses key ${oldKeyId} while it accepts the one in charge, so it is gone. The rotation is complete.`,
    facts: { 'seen refused': 'yes' },
  });
}

export interface InChargeRefused extends ReplacementStory {
  readonly checkAt: string;
  readonly oldKey: OldKeyAnswer;
}

/** A bare refusal proves nothing without the Admin API, so a person decides. */
export function inChargeRefused(story: InChargeRefused): Alert {
  const { secretName, secretId, workspace, oldKeyId, newKeyId } = story.retirement;
  const { oldVersionId, newVersionId } = story.retirement;
  const oldWorks = story.oldKey === 'accepted';
  const meaning = oldWorks
    ? `The key before it, ${oldKeyId}, is accepted, so the one in charge may have been deleted or have expired.`
    : `The key before it, ${oldKeyId}, is not accepted either: the workspace or the organization may be suspended, or a limit reached.`;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Mistral refuses the key in charge of ${secretName}`,
    description: `What reads ${secretName} gets 401 from Mistral now. ${meaning} Nothing was changed, and nobody should delete ${oldKeyId} now. The keys are looked at again at ${story.checkAt}.`,
    facts: { 'old key': `${oldKeyId} (${story.oldKey})`, 'looked at again at': story.checkAt },
    nextSteps: [
      {
        say: `Look at https://console.mistral.ai whether ${newKeyId} is there in workspace ${workspace}, whether the workspace is suspended, or a bill unpaid`,
      },
      {
        say: 'If only this key is affected, supply a new one',
        command: `npx mistral-governance keys supply ${secretName.replace(/^mistral\//, '')}`,
      },
      ...(oldWorks
        ? [
            {
              say: 'Until there is one, the old key can be put in charge again',
              command: `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSCURRENT --move-to-version-id ${oldVersionId} --remove-from-version-id ${newVersionId}`,
            },
          ]
        : []),
    ],
  });
}

/** Secrets Manager drops versions after a while, and with them the only way to try their key. */
export function deletionNotCheckable(story: ReplacementStory): Alert {
  const { secretName, workspace, oldKeyId, oldVersionId } = story.retirement;
  return tellRetirement(story, {
    type: 'deletion-needed',
    severity: 'warning',
    title: `See for yourself that the old key of ${secretName} is deleted`,
    description: `Secrets Manager no longer holds version ${oldVersionId}, so Mistral cannot be asked whether key ${oldKeyId} still works. This is the last you hear of it.`,
    nextSteps: [
      {
        say: `At https://console.mistral.ai > workspace ${workspace} > API keys, delete ${oldKeyId} if it is still there`,
      },
    ],
  });
}

/** Somebody put the old key back in charge by hand: the flow ends without touching anything. */
export function oldKeyInCharge(story: ReplacementStory): Alert {
  const { secretName, workspace, oldKeyId, newKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rolled-back',
    severity: 'warning',
    title: `Old key of ${secretName} is in charge again`,
    description: `Somebody moved AWSCURRENT back to key ${oldKeyId}, so do not delete it. The newer key ${newKeyId} is left at Mistral, where nothing of this system watches it.`,
    nextSteps: [
      {
        say: `When the reason for going back is settled, supply a new key`,
        command: `npx mistral-governance keys supply ${secretName.replace(/^mistral\//, '')}`,
      },
      {
        say: `Delete ${newKeyId} at https://console.mistral.ai > workspace ${workspace} > API keys`,
      },
    ],
  });
}

export interface FailedDeletion extends ReplacementStory {
  readonly errorName: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
}

/** The flow gave up after its retries, so nobody asks for the old key's deletion any more. */
export function deletionCheckFailed(story: FailedDeletion): Alert {
  const { secretName, oldKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Retiring the old key of ${secretName} failed`,
    description: `The flow that watches over the deletion of key ${oldKeyId} ended with ${story.errorName} after all retries. Services are not affected, but nobody is asked to delete the key until the flow is run again.`,
    facts: { error: story.errorName, execution: story.executionArn },
    nextSteps: [
      {
        say: 'See what went wrong',
        command: `aws stepfunctions get-execution-history --execution-arn ${story.executionArn} --reverse-order --max-results 20`,
      },
      {
        say: 'When the cause is removed, run the flow again; it finds by itself what is left to do',
        command: `aws stepfunctions start-execution --state-machine-arn ${story.stateMachineArn} --input '${JSON.stringify(story.retirement)}'`,
      },
    ],
  });
}
