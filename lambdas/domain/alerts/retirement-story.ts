import type { Alert } from '../alert.js';
import type { Retirement } from '../retirement.js';
import { threadOf } from '../rotation.js';

/** What every alert of a retirement starts from. */
export interface RetirementStory {
  readonly retirement: Retirement;
  readonly at: Date;
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
    threadId: threadOf(retirement.newVersionId),
    at,
    facts: {
      secret: retirement.secretName,
      'old key': retirement.oldKeyId,
      'new key': retirement.newKeyId,
      'replaced at': retirement.promotedAt,
      ...told.facts,
    },
  };
}
