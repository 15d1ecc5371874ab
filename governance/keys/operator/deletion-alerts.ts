import type { Alert } from '../../alerts/alert.js';
import { type RetirementStory, tellRetirement } from '../alerts/retirement-alert.js';
import type { RemovedKey, ReplacedKey } from '../retirement.js';
import type { OldKeyAnswer } from './deletion.js';
import { consoleOf, oldOrRemoved } from './operator-words.js';
import { supplyCommand } from './operator-secret.js';

export interface DeletionNeeded extends RetirementStory {
  readonly checkAt: string;
  readonly oldKey: OldKeyAnswer;
}

/** Asks a person to delete a key that nothing of ours can delete. */
export function deletionNeeded(story: DeletionNeeded): Alert {
  const { retirement, checkAt } = story;
  const { secretName, workspace, oldKeyId } = retirement;
  const leaked =
    retirement.reason === 'replaced' && retirement.why === 'compromised' ? retirement : undefined;
  const needed =
    retirement.reason === 'removed'
      ? removedNeeded(story, retirement)
      : replacedNeeded(story, retirement);
  return tellRetirement(story, {
    type: 'deletion-needed',
    severity: leaked ? 'critical' : 'warning',
    title: leaked
      ? `Delete the leaked key of ${secretName} in Mistral's console now`
      : `Delete the ${oldOrRemoved(retirement)} key of ${secretName} in Mistral's console`,
    description: `${needed.description} You are reminded daily, and the retirement ends when Mistral refuses the key while it accepts another.`,
    facts: {
      ...(leaked && { why: 'compromised' }),
      'why it is safe': needed.why,
      'looked at again at': checkAt,
    },
    nextSteps: leaked
      ? [
          {
            say: `Delete ${oldKeyId} at ${consoleOf(workspace)}, and keys of ${secretName} that are older; not the one that took over, ${leaked.newKeyId}`,
          },
          {
            say: 'Restart services that report 401 from Mistral: they hold the old key until they read the secret again',
          },
        ]
      : [
          {
            say: `At ${consoleOf(workspace)}, see when ${oldKeyId} was last used: one use a day is this check, anything more is a service that holds a copy`,
          },
          { say: `If nothing else uses it, delete ${oldKeyId} there, and no other key` },
        ],
  });
}

function replacedNeeded(
  { oldKey }: DeletionNeeded,
  { oldKeyId, newKeyId, promotedAt, why }: ReplacedKey,
) {
  const since = why
    ? 'since it has leaked'
    : "; since then every reader's cache has expired and the quiet days have passed";
  return {
    description: `Key ${oldKeyId} was replaced at ${promotedAt}${why ? ' ' : ''}${since}. ${meaningOf(oldKey)}`,
    why: `${newKeyId} or a later key has taken over, and as long as the policy names the secret, this is asked only while Mistral accepts that one`,
  };
}

function removedNeeded(
  { oldKey }: DeletionNeeded,
  { secretName, oldKeyId, promotedAt }: RemovedKey,
) {
  return {
    description: `The policy did not name ${secretName} any more at ${promotedAt}, so key ${oldKeyId} should go. ${meaningOf(oldKey)}`,
    why: 'the policy has no such key, and no other secret of its workspace holds the same one',
  };
}

function meaningOf(oldKey: OldKeyAnswer): string {
  return oldKey === 'refused'
    ? 'Mistral refuses it, but every other key that was tried as well, so this proves nothing: the workspace or the organization may be suspended, or a limit reached.'
    : 'Mistral still accepts it: until it is deleted, every copy of it works.';
}

export interface DeletedKey extends RetirementStory {
  /** The secret whose key Mistral accepted at the same time. */
  readonly witness: string;
}

export function oldKeyDeleted(story: DeletedKey): Alert {
  const { retirement, witness } = story;
  const { secretName, secretId, oldKeyId, workspace } = retirement;
  const isRemoved = retirement.reason === 'removed';
  const isNear = witness.startsWith(`mistral/${workspace}/`);
  return tellRetirement(story, {
    type: 'key-revoked',
    severity: 'info',
    title: `${isRemoved ? 'Removed' : 'Old'} key of ${secretName} is deleted`,
    description: [
      `Mistral refuses key ${oldKeyId} while it accepts the one in charge of ${witness}${isNear ? ', so it is gone.' : '.'}`,
      isNear
        ? ''
        : `The policy has no key in workspace ${workspace} to compare with: if that workspace is suspended, the key may come back with it.`,
      isRemoved ? 'The secret that held it remains.' : 'The rotation is complete.',
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
    facts: { 'seen refused': 'yes', 'accepted meanwhile': witness },
    nextSteps: isRemoved
      ? [
          ...(isNear ? [] : [{ say: `See at ${consoleOf(workspace)} that ${oldKeyId} is gone` }]),
          {
            say: 'When nothing reads the secret any more, delete it; it can be restored for 30 days',
            command: `aws secretsmanager delete-secret --secret-id ${secretId} --recovery-window-in-days 30`,
          },
        ]
      : [],
  });
}

export interface NotCheckable extends RetirementStory {
  readonly oldKey: OldKeyAnswer;
}

/** Either the key cannot be tried any more, or no other key can be tried beside it. */
export function deletionNotCheckable(story: NotCheckable): Alert {
  const { retirement, oldKey } = story;
  const { secretName, workspace, oldKeyId, oldVersionId } = retirement;
  const reason =
    oldKey === 'refused'
      ? `Mistral refuses key ${oldKeyId}, but the policy has no other key that it could accept meanwhile, and a refusal alone proves nothing.`
      : `Secrets Manager no longer holds version ${oldVersionId}, so Mistral cannot be asked whether key ${oldKeyId} still works.`;
  return tellRetirement(story, {
    type: 'deletion-needed',
    severity: 'warning',
    title: `See for yourself that the ${oldOrRemoved(retirement)} key of ${secretName} is deleted`,
    description: `${reason} This is the last you hear of it.`,
    nextSteps: [{ say: `At ${consoleOf(workspace)}, delete ${oldKeyId} if it is still there` }],
  });
}

export interface KeptKey extends RetirementStory {
  /** The secret that the key is in charge of. */
  readonly heldBy: string;
}

/** The key is in charge, here or elsewhere: the flow ends without asking for anything. */
export function oldKeyInCharge(story: KeptKey): Alert {
  const { retirement, heldBy } = story;
  const { secretName, workspace, oldKeyId } = retirement;
  if (heldBy !== secretName) {
    return tellRetirement(story, {
      type: 'rolled-back',
      severity: 'warning',
      title: `The key of ${secretName} is that of ${heldBy} too`,
      description: `The policy no longer names ${secretName}, but the same key was supplied for ${heldBy}, where it is in charge: do not delete ${oldKeyId}. Its deletion is asked for when ${heldBy} has a new key.`,
      facts: { 'in charge of': heldBy },
    });
  }
  if (retirement.reason === 'removed') {
    return tellRetirement(story, {
      type: 'rolled-back',
      severity: 'info',
      title: `Removal of ${secretName} was taken back`,
      description: `The policy names the key again, so key ${oldKeyId} is kept.`,
    });
  }
  const { newKeyId } = retirement;
  return tellRetirement(story, {
    type: 'rolled-back',
    severity: 'warning',
    title: `Old key of ${secretName} is in charge again`,
    description: `Somebody moved AWSCURRENT back to key ${oldKeyId}, so do not delete it. The newer key ${newKeyId} is left at Mistral, where nothing of this system watches it.`,
    nextSteps: [
      {
        say: 'When the reason for going back is settled, supply a new key',
        command: supplyCommand(retirement),
      },
      { say: `Delete ${newKeyId} at ${consoleOf(workspace)}` },
    ],
  });
}
