import type { Alert } from '../../alerts/alert.js';
import type { IsoDate } from '../../platform/utc-day.js';
import { type Retirement, revokeAtOnce } from '../retirement.js';
import { type RetirementStory, tellRetirement } from './retirement-alert.js';

export interface ApprovalNeeded extends RetirementStory {
  readonly lastUsedOn: IsoDate;
  readonly stateMachineArn: string;
}

/** An old key still in use after its drain: revoking it may break a service, so a person decides. */
export function approvalNeeded(story: ApprovalNeeded): Alert {
  const { retirement, lastUsedOn, stateMachineArn, at } = story;
  const { secretName, oldKeyId, rules } = retirement;
  return tellRetirement(story, {
    type: 'approval-needed',
    severity: 'warning',
    title: `Approve revoking the old key of ${secretName}`,
    description: `Key ${oldKeyId} was ${retirement.reason === 'removed' ? 'removed from the policy' : 'replaced'} more than ${rules.maxDrainDays} days ago and was still used on ${lastUsedOn}. Revoking it now breaks whoever uses it; leaving it keeps a key alive that should be gone. It is held until you decide, or until it goes unused for ${rules.quietDays} full UTC days, and you are reminded daily.`,
    facts: { 'last used on': lastUsedOn },
    nextSteps: [
      { say: 'Move the service that still uses the old key; the revocation follows by itself' },
      {
        say: 'Or revoke the old key now, in use or not',
        command: revokeNowCommand(stateMachineArn, retirement, at),
      },
    ],
  });
}

/** Runs the same flow for the same key with nothing to wait for. */
export function revokeNowCommand(
  stateMachineArn: string,
  retirement: Retirement,
  at: Date,
): string {
  const input = JSON.stringify(revokeAtOnce(retirement, at));
  // Names and ids hold no quote, so single quotes are safe in every shell.
  return `aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --name revoke-${nameOf(retirement)} --input '${input}'`;
}

function nameOf(retirement: Retirement): string {
  return retirement.reason === 'replaced'
    ? retirement.newVersionId
    : `removed-${retirement.oldVersionId}`;
}
