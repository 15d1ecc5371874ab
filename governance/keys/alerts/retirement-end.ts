import type { Alert } from '../../alerts/alert.js';
import type { RemovedKey } from '../retirement.js';
import { type ReplacementStory, type RetirementStory, tellRetirement } from './retirement-alert.js';

export interface RevokedKey extends RetirementStory {
  /** Whether Mistral was seen to refuse the key, besides no longer listing it. */
  readonly refused: boolean;
}

export function keyRevoked(story: RevokedKey): Alert {
  const { retirement } = story;
  const { secretName, secretId, oldKeyId } = retirement;
  const isRemoved = retirement.reason === 'removed';
  const seen = story.refused ? 'Mistral refuses it and' : 'Mistral';
  return tellRetirement(story, {
    type: 'key-revoked',
    severity: 'info',
    title: `${isRemoved ? 'Removed' : 'Old'} key of ${secretName} is revoked`,
    description: `Key ${oldKeyId} is gone: ${seen} no longer lists it. ${isRemoved ? 'The secret that held it remains.' : 'The rotation is complete.'}`,
    facts: { 'seen refused': story.refused ? 'yes' : 'no longer stored, so not tried' },
    nextSteps: isRemoved
      ? [
          {
            say: 'When nothing reads the secret any more, delete it; it can be restored for 30 days',
            command: `aws secretsmanager delete-secret --secret-id ${secretId} --recovery-window-in-days 30`,
          },
        ]
      : [],
  });
}

export interface RolledBack extends ReplacementStory {
  readonly reason: string;
}

export function rolledBack(story: RolledBack): Alert {
  const { secretName, secretId, oldKeyId, newKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rolled-back',
    severity: 'critical',
    title: `Rotation of ${secretName} was rolled back`,
    description: `The new key ${newKeyId} stopped working (${story.reason}), so the old key ${oldKeyId} is in charge again and the new one was deleted. Services that fetched the new key fail until they read the secret again.`,
    facts: { reason: story.reason },
    nextSteps: [
      { say: 'Restart services that cache the secret and report 401 from Mistral' },
      {
        say: 'Find out who revoked the new key, then rotate again',
        command: `aws secretsmanager rotate-secret --secret-id ${secretId}`,
      },
    ],
  });
}

/** The key is in charge after all: the flow ends without touching anything. */
export function oldKeyKept({ retirement, at }: RetirementStory): Alert {
  return retirement.reason === 'removed'
    ? removalTakenBack({ retirement, at })
    : oldKeyInCharge({ retirement, at });
}

function removalTakenBack(story: { retirement: RemovedKey; at: Date }): Alert {
  const { secretName, oldKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rolled-back',
    severity: 'info',
    title: `Removal of ${secretName} was taken back`,
    description: `The policy names the key again, so key ${oldKeyId} is kept. Nothing was revoked.`,
  });
}

function oldKeyInCharge(story: ReplacementStory): Alert {
  const { secretName, secretId, oldKeyId, newKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rolled-back',
    severity: 'warning',
    title: `Old key of ${secretName} is in charge again`,
    description: `Somebody moved AWSCURRENT back to key ${oldKeyId}, so nothing was revoked. The newer key ${newKeyId} was left at Mistral, where the nightly audit reports it.`,
    nextSteps: [
      {
        say: 'When the reason for going back is settled, rotate again',
        command: `aws secretsmanager rotate-secret --secret-id ${secretId}`,
      },
    ],
  });
}
