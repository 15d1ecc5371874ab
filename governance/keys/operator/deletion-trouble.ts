import type { Alert } from '../../alerts/alert.js';
import { type RetirementStory, tellRetirement } from '../alerts/retirement-alert.js';
import type { OldKeyAnswer } from './deletion.js';
import { oldOrRemoved } from './operator-words.js';
import { supplyCommand } from './operator-secret.js';

export interface InChargeRefused extends RetirementStory {
  readonly checkAt: string;
  readonly oldKey: OldKeyAnswer;
}

/** A bare refusal proves nothing without the Admin API, so a person decides. */
export function inChargeRefused(story: InChargeRefused): Alert {
  const { retirement, checkAt, oldKey } = story;
  const { secretName, secretId, workspace, oldKeyId, oldVersionId } = retirement;
  // Of a key that left the policy and came back, none is known that could take over again.
  const replacing = retirement.reason === 'replaced' ? retirement : undefined;
  const oldWorks = oldKey === 'accepted';
  const meaning = oldWorks
    ? `The key before it, ${oldKeyId}, is accepted, so the one in charge may have been deleted or have expired.`
    : `The key before it, ${oldKeyId}, is not accepted either: the workspace or the organization may be suspended, or a limit reached.`;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Mistral refuses the key in charge of ${secretName}`,
    description: `What reads ${secretName} gets 401 from Mistral now. ${meaning} Nothing was changed, and nobody should delete ${oldKeyId} now. The keys are looked at again at ${checkAt}.`,
    facts: { 'old key': `${oldKeyId} (${oldKey})`, 'looked at again at': checkAt },
    nextSteps: [
      {
        say: `Look at https://console.mistral.ai whether ${replacing?.newKeyId ?? 'the key in charge'} is there in workspace ${workspace}, whether the workspace is suspended, or a bill unpaid`,
      },
      {
        say: 'If only this key is affected, supply a new one',
        command: supplyCommand(retirement),
      },
      ...(oldWorks && replacing
        ? [
            {
              say: 'Until there is one, the old key can be put in charge again',
              command: `aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSCURRENT --move-to-version-id ${oldVersionId} --remove-from-version-id ${replacing.newVersionId}`,
            },
          ]
        : []),
    ],
  });
}

export interface FailedDeletion extends RetirementStory {
  readonly errorName: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
}

/** The flow gave up after its retries, so nobody asks for the old key's deletion any more. */
export function deletionCheckFailed(story: FailedDeletion): Alert {
  const { retirement, errorName, executionArn, stateMachineArn } = story;
  const { secretName, oldKeyId } = retirement;
  return tellRetirement(story, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Retiring the ${oldOrRemoved(retirement)} key of ${secretName} failed`,
    description: `The flow that watches over the deletion of key ${oldKeyId} ended with ${errorName} after all retries. Services are not affected, but nobody is asked to delete the key until the flow is run again.`,
    facts: { error: errorName, execution: executionArn },
    nextSteps: [
      {
        say: 'See what went wrong',
        command: `aws stepfunctions get-execution-history --execution-arn ${executionArn} --reverse-order --max-results 20`,
      },
      {
        say: 'When the cause is removed, run the flow again; it finds by itself what is left to do',
        command: `aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --input '${JSON.stringify(retirement)}'`,
      },
    ],
  });
}
