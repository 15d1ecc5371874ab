import type { Alert } from '../../alerts/alert.js';
import { type ReplacementStory, type RetirementStory, tellRetirement } from './retirement-alert.js';

export interface BothRefused extends ReplacementStory {
  readonly reason: string;
  readonly checkAt: string;
}

/** Neither key works: more likely a suspension or a quota than two bad keys, so nothing is moved. */
export function bothRefused(story: BothRefused): Alert {
  const { secretName, oldKeyId, newKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Mistral refuses both keys of ${secretName}`,
    description: `Key ${newKeyId}, which is in charge, is refused (${story.reason}), and so is the one before it, ${oldKeyId}. Services of workspace ${story.retirement.workspace} get 401 now. The workspace or the organization may be suspended; rolling back would not help, so nothing was changed. The keys are looked at again at ${story.checkAt}.`,
    facts: { reason: story.reason, 'looked at again at': story.checkAt },
    nextSteps: [
      { say: 'Look in the Mistral console whether the workspace is suspended or a bill is unpaid' },
      {
        say: 'If only this key is affected, make a new one',
        command: `aws secretsmanager rotate-secret --secret-id ${story.retirement.secretId}`,
      },
    ],
  });
}

export interface FailedRetirement extends RetirementStory {
  readonly errorName: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
}

/** The flow gave up after its retries; the old key still works and nothing will revoke it. */
export function retirementFailed(story: FailedRetirement): Alert {
  const { secretName, oldKeyId } = story.retirement;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Retiring the old key of ${secretName} failed`,
    description: `The flow that retires key ${oldKeyId} ended with ${story.errorName} after all retries. Services are not affected, but the old key stays valid until the flow is run again; the nightly audit reports it meanwhile.`,
    facts: { error: story.errorName, execution: story.executionArn },
    nextSteps: [
      {
        say: 'See what went wrong',
        command: `aws stepfunctions get-execution-history --execution-arn ${story.executionArn} --reverse-order --max-results 20`,
      },
      {
        // A redrive would only enter the state Failed once more.
        say: 'When the cause is removed, run the flow again; it finds by itself what is left to do',
        command: `aws stepfunctions start-execution --state-machine-arn ${story.stateMachineArn} --input '${JSON.stringify(story.retirement)}'`,
      },
    ],
  });
}
