import type { Alert } from '../../alerts/alert.js';
import type { ReplacedKey, Retirement } from '../retirement.js';
import { threadOf } from '../rotation.js';

/** What every alert of a retirement starts from. */
export interface RetirementStory {
  readonly retirement: Retirement;
  readonly at: Date;
}

/** One that only a key with a successor has. */
export interface ReplacementStory extends RetirementStory {
  readonly retirement: ReplacedKey;
}

type Told = Pick<Alert, 'type' | 'severity' | 'title' | 'description'> & {
  readonly facts?: Alert['facts'];
  readonly nextSteps?: Alert['nextSteps'];
};

/** Fills in what all alerts of one retirement share, so that they read and thread alike. */
export function tellRetirement({ retirement, at }: RetirementStory, told: Told): Alert {
  return {
    nextSteps: [],
    ...told,
    workspace: retirement.workspace,
    threadId: threadOfRetirement(retirement),
    at,
    facts: {
      secret: retirement.secretName,
      'old key': retirement.oldKeyId,
      ...circumstances(retirement),
      ...told.facts,
    },
  };
}

function threadOfRetirement(retirement: Retirement): string {
  if (retirement.reason === 'replaced') return threadOf(retirement.newVersionId);
  return `removal-${retirement.oldVersionId}`;
}

function circumstances(retirement: Retirement): Alert['facts'] {
  const { promotedAt } = retirement;
  if (retirement.reason === 'removed') return { 'removed from the policy at': promotedAt };
  return { 'new key': retirement.newKeyId, 'replaced at': promotedAt };
}
