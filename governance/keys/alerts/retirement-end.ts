import type { Alert } from '../../alerts/alert.js';
import { shell } from '../../platform/quoting.js';
import { supplyCommand } from '../operator/operator-secret.js';
import type { LeftoverKey } from '../retirement.js';
import {
  consoleOf,
  deleteSecret,
  type RetirementContext,
  retirementAlert,
  rotateAgain,
  timeText,
} from './retirement-alert.js';
import { failed, retired, rolledBackTo } from './retirement-change.js';

/** What may keep Secrets Manager from the next rotation. */
interface Unfinished {
  readonly unfinished?: string | undefined;
}

export interface RevokedContext extends RetirementContext {
  readonly confirmation: {
    readonly rejected: boolean;
    /** Missing in an execution that began before an update. */
    readonly checkedAt?: string | undefined;
  };
}

export function keyRevoked(context: RevokedContext): Alert {
  const { retirement, confirmation } = context;
  const { rejected, checkedAt } = confirmation;
  const { secretName, oldKeyId, reason } = retirement;
  // A removed key that could not be tried was in a secret that is deleted already.
  const mayDelete = reason === 'removed' && rejected;
  return retirementAlert(context, {
    type: 'key-revoked',
    severity: 'info',
    title: `Revoked ${reason} key of ${secretName}`,
    description: [
      `Key ${oldKeyId} is revoked: Mistral no longer lists it${rejected ? ' and rejects it (401)' : ''}.`,
      reason === 'replaced' && 'The rotation is complete.',
      mayDelete && 'The secret that held it remains.',
    ],
    facts: {
      'rejected by Mistral': rejected ? 'yes' : 'not tried: its version is not stored',
      ...(rejected && checkedAt !== undefined && { 'seen refused at': timeText(checkedAt) }),
    },
    change: retired(retirement),
    nextSteps: [mayDelete && deleteSecret(retirement)],
  });
}

export interface RejectedContext extends RetirementContext {
  readonly verdict: {
    /** What makes the rejection final. */
    readonly reason: string;
    readonly rejectedSince: string;
  };
}

export interface RolledBackContext extends RejectedContext {
  readonly newKeyId: string;
  readonly rollBack: Unfinished & { readonly newKey: LeftoverKey };
}

const LEFTOVER: Readonly<Record<LeftoverKey, string>> = {
  deleted: 'After the rollback the new key was deleted.',
  gone: 'The new key is no longer at Mistral.',
  left: 'The new key was not created by a rotation of this system, so it stays at Mistral.',
};

export function rolledBack(context: RolledBackContext): Alert {
  const { retirement, verdict, rollBack } = context;
  const { secretName } = retirement;
  return retirementAlert(context, {
    type: 'rolled-back',
    severity: 'critical',
    title: `Rolled back rotation of ${secretName} (new key rejected)`,
    description: [
      `The previous key is current again, because Mistral rejected the new key (401) from ${timeText(verdict.rejectedSince)} on.`,
      'Services that have read the new key get 401 from Mistral until they read the secret again.',
      `${asSentence(verdict.reason)} ${LEFTOVER[rollBack.newKey]}`,
    ],
    facts: { reason: verdict.reason, 'rejected from': timeText(verdict.rejectedSince) },
    change: rolledBackTo(retirement, context.newKeyId, 'retirement'),
    nextSteps: [
      'Restart services that get 401 from Mistral, so that they read the secret again',
      rotateAgain(
        'Find out why Mistral rejected the new key, then rotate again',
        retirement,
        rollBack.unfinished,
      ),
    ],
  });
}

/** Neither key works: more likely a suspension or a quota than two bad keys, so nothing is moved. */
export function bothKeysRejected(
  context: RejectedContext & {
    readonly newKeyId: string;
    readonly verdict: { readonly checkAt: string } & Unfinished;
  },
): Alert {
  const { retirement, newKeyId, verdict, at } = context;
  const { secretName, workspace, oldKeyId } = retirement;
  return retirementAlert(context, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Mistral rejects both keys of ${secretName} (401)`,
    description: [
      `Services of workspace ${workspace} get 401 from Mistral: it rejects the current key ${newKeyId} and the previous key ${oldKeyId}.`,
      `Nothing was changed, because a rollback would not help; both keys are checked again at ${timeText(verdict.checkAt, at)}.`,
      'The workspace or the organization may be suspended.',
      asSentence(verdict.reason),
    ],
    facts: {
      reason: verdict.reason,
      'rejected since': timeText(verdict.rejectedSince),
      'next check': timeText(verdict.checkAt),
    },
    change: failed(retirement, 'both-keys-rejected'),
    nextSteps: [
      'Check at https://console.mistral.ai whether the workspace is suspended or a bill is unpaid',
      rotateAgain('If only this key is affected, create a new one', retirement, verdict.unfinished),
    ],
  });
}

function asSentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`;
}

export interface KeptContext extends RetirementContext {
  /** In operator mode, the secret whose current key this one is. */
  readonly verdict: { readonly heldBy?: string | undefined } & Unfinished;
}

/** The key is current after all: the flow ends without changing or asking for anything. */
export function keyKept(context: KeptContext): Alert {
  const { retirement, verdict } = context;
  const { secretName, oldKeyId } = retirement;
  const { heldBy } = verdict;
  if (heldBy !== undefined && heldBy !== secretName) {
    return retirementAlert(context, {
      type: 'rolled-back',
      severity: 'warning',
      title: `Keep the key of ${secretName}: another secret holds it`,
      description: [
        `The policy no longer names ${secretName}, but the same key is the current key of ${heldBy}: do not delete ${oldKeyId}.`,
        `You are asked to delete it when ${heldBy} has a new key.`,
      ],
      facts: { 'current in': heldBy },
    });
  }
  if (retirement.reason === 'removed') {
    return retirementAlert(context, {
      type: 'rolled-back',
      severity: 'info',
      title: `Removal of ${secretName} was undone, its key is kept`,
      description: [
        `The policy names the key again, so key ${oldKeyId} stays current. Nothing was revoked.`,
      ],
    });
  }
  const { newKeyId } = retirement;
  const movedBack = `AWSCURRENT was moved back to key ${oldKeyId}, so`;
  const newerKey = `The newer key ${newKeyId} stays at Mistral,`;
  return retirementAlert(context, {
    type: 'rolled-back',
    severity: 'warning',
    title: `Previous key of ${secretName} is current again`,
    change: rolledBackTo(retirement, newKeyId, 'hand'),
    ...(heldBy === undefined
      ? {
          description: [
            `${movedBack} nothing was revoked. Services are not affected.`,
            `${newerKey} and the nightly audit reports it.`,
          ],
          nextSteps: [
            rotateAgain(
              'When the reason for moving back is settled, rotate again',
              retirement,
              verdict.unfinished,
            ),
          ],
        }
      : {
          description: [
            `${movedBack} do not delete it. Services are not affected.`,
            `${newerKey} where this system does not monitor it.`,
          ],
          nextSteps: [
            {
              say: 'When the reason for moving back is settled, supply a new key',
              command: supplyCommand(retirement),
            },
            `Delete ${newKeyId} at ${consoleOf(retirement)}`,
          ],
        }),
  });
}

/** The flow ended after its retries; the key still works, and nothing will revoke it. */
export function retirementFailed(
  context: RetirementContext & { readonly error?: { readonly Error: string } | undefined },
): Alert {
  const { retirement, executionArn, stateMachineArn } = context;
  const errorName = context.error?.Error ?? 'an unknown verdict';
  const { secretName, oldKeyId, reason } = retirement;
  return retirementAlert(context, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Retirement of the ${reason} key of ${secretName} failed`,
    description: [
      `The retirement of key ${oldKeyId} ended with ${errorName} after all retries. Services are not affected.`,
      'The key stays valid, and nothing retires it until you start the retirement again.',
    ],
    facts: { error: errorName, execution: executionArn },
    change: failed(retirement, 'retirement-failed'),
    nextSteps: [
      {
        say: 'Find the cause in the history of the execution',
        command: shell`aws stepfunctions get-execution-history --execution-arn ${executionArn} --reverse-order --max-results 20`,
      },
      {
        // A redrive would only enter the state Failed once more.
        say: 'When the cause is fixed, start the retirement again; it does only what is left to do',
        command: shell`aws stepfunctions start-execution --state-machine-arn ${stateMachineArn} --input ${JSON.stringify(retirement)}`,
      },
    ],
  });
}
