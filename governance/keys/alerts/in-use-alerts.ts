import type { Alert } from '../../alerts/alert.js';
import type { IsoDate } from '../../platform/utc-day.js';
import { drainEnd } from '../retirement.js';
import { type RetirementStory, tellRetirement } from './retirement-alert.js';

export interface KeyInUse extends RetirementStory {
  readonly lastUsedOn: IsoDate;
  /** When the flow looks again. */
  readonly checkAt: string;
}

/** A replaced or removed key that somebody still uses. */
export function keyInUse(story: KeyInUse): Alert {
  const { retirement, lastUsedOn, checkAt } = story;
  const { secretName, oldKeyId, promotedAt, rules } = retirement;
  const drainEndsAt = drainEnd(new Date(promotedAt), rules).toISOString();
  const afterwards =
    rules.onDrainTimeout === 'hold'
      ? 'you will be asked to approve its revocation'
      : 'it is revoked even if it is still in use';
  const isRemoved = retirement.reason === 'removed';
  const wentAt = isRemoved
    ? `was removed from the policy by the deploy of ${promotedAt}`
    : `was replaced at ${promotedAt}`;
  const because = isRemoved
    ? 'some service still needs it'
    : 'some service holds a copy instead of reading the secret';
  return tellRetirement(story, {
    type: 'key-in-use',
    severity: 'warning',
    title: `${isRemoved ? 'Removed' : 'Replaced'} key of ${secretName} is still in use`,
    description: `Key ${oldKeyId} ${wentAt} but was used again on ${lastUsedOn}: ${because}. The key stays valid for now; from ${drainEndsAt} on, ${afterwards}.`,
    facts: {
      'last used on': lastUsedOn,
      'looked at again at': checkAt,
      'drain ends at': drainEndsAt,
    },
    nextSteps: [
      {
        say: 'See who reads the secret, and look for services that keep the key longer than they should',
        command: `aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=${retirement.secretId} --max-results 50`,
      },
      {
        say: isRemoved
          ? 'Give what still uses it a key of the policy; the revocation follows by itself'
          : 'Restart or redeploy what still holds the old key; the revocation follows by itself',
      },
    ],
  });
}
