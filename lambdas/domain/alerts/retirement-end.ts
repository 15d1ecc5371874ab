import type { Alert } from '../alert.js';
import { type RetirementStory, tellRetirement } from './retirement-story.js';

export interface RevokedKey extends RetirementStory {
  /** Whether Mistral was seen to refuse the key, besides no longer listing it. */
  readonly refused: boolean;
}

export function keyRevoked(story: RevokedKey): Alert {
  const { secretName, oldKeyId } = story.retirement;
  const seen = story.refused ? 'Mistral refuses it and' : 'Mistral';
  return tellRetirement(story, {
    type: 'key-revoked',
    severity: 'info',
    title: `Old key of ${secretName} is revoked`,
    description: `Key ${oldKeyId} is gone: ${seen} no longer lists it. The rotation is complete.`,
    facts: { 'seen refused': story.refused ? 'yes' : 'no longer stored, so not tried' },
  });
}

export interface RolledBack extends RetirementStory {
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

/** Somebody put the old key back in charge by hand: the flow ends without touching anything. */
export function oldKeyKept(story: RetirementStory): Alert {
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
