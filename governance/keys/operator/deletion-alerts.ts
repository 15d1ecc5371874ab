import type { Alert } from '../../alerts/alert.js';
import { shell } from '../../platform/quoting.js';
import { countText } from '../../platform/wording.js';
import {
  consoleOf,
  deleteSecret,
  type Reminding,
  type RetirementContext,
  reminderSentence,
  retirementAlert,
  timeText,
} from '../alerts/retirement-alert.js';
import { failed, held, retired } from '../alerts/retirement-change.js';
import { isLeaked, type Retirement } from '../retirement.js';
import type { OldKeyAnswer } from './deletion.js';
import { supplyCommand } from './operator-secret.js';

export interface CheckedAgainContext extends RetirementContext {
  readonly verdict: Reminding & {
    readonly checkAt: string;
    readonly oldKey: OldKeyAnswer;
    readonly currentVersion?: string | undefined;
  };
}

/** Asks an operator to delete a key that no function can delete. */
export function deletionNeeded(context: CheckedAgainContext): Alert {
  const { retirement, verdict, at } = context;
  const { secretName, oldKeyId, reason } = retirement;
  const leaked = isLeaked(retirement) ? retirement : undefined;
  return retirementAlert(context, {
    type: 'deletion-needed',
    severity: leaked ? 'critical' : 'warning',
    title: `Delete ${leaked ? 'leaked' : reason} key of ${secretName} at Mistral${leaked ? ' now' : ''}`,
    description: [
      ...(verdict.oldKey === 'rejected'
        ? [
            `Mistral rejects the ${reason} key ${oldKeyId} (401), but also every other key that was tried, so this does not prove that it is deleted.`,
            'The workspace or the organization may be suspended, or a limit reached.',
          ]
        : [
            `Mistral still accepts the ${reason} key ${oldKeyId}${leaked ? ', which has leaked' : ''}: every copy of it works until you delete it.`,
          ]),
      !leaked && whenSafe(retirement),
      `The key is checked daily, next at ${timeText(verdict.checkAt, at)}, until Mistral rejects it while it accepts another.`,
      leaked ? 'Until then this alert repeats daily.' : reminderSentence(verdict),
    ],
    facts: {
      ...(leaked && { why: 'compromised' }),
      'why it is safe': whySafe(retirement),
      'next check': timeText(verdict.checkAt),
    },
    ...held(retirement, verdict, 'deletion'),
    nextSteps: leaked
      ? [
          `Delete ${oldKeyId} at ${consoleOf(leaked)}, and keys of ${secretName} that are older; keep the current key ${leaked.newKeyId}`,
          'Restart services that get 401 from Mistral, so that they read the secret again',
        ]
      : [
          `At ${consoleOf(retirement)}, check when ${oldKeyId} was last used: one use a day is this check, more means that a service holds a copy`,
          `If no service uses it, delete ${oldKeyId} there, and no other key`,
        ],
  });
}

function whenSafe({ reason, promotedAt, rules }: Retirement): string {
  const since = timeText(promotedAt);
  return reason === 'removed'
    ? `It was removed from the policy at ${since}.`
    : `It was replaced at ${since}; since then every reader's cache has expired and ${countText(rules.quietDays, 'full UTC day has', 'full UTC days have')} passed.`;
}

function whySafe(retirement: Retirement): string {
  return retirement.reason === 'removed'
    ? 'the policy no longer has this key, and no other secret of its workspace holds the same one'
    : `${retirement.newKeyId} or a later key is current; while the policy names the secret, you are asked only if Mistral accepts that one`;
}

export function keyDeleted(
  context: RetirementContext & { readonly verdict: { readonly witness: string } },
): Alert {
  const { retirement, verdict } = context;
  const { secretName, oldKeyId, workspace, reason } = retirement;
  const { witness } = verdict;
  const isNear = witness.startsWith(`mistral/${workspace}/`);
  return retirementAlert(context, {
    type: 'key-revoked',
    severity: 'info',
    title: `${reason === 'removed' ? 'Removed' : 'Replaced'} key of ${secretName} is deleted`,
    description: [
      `Mistral rejects key ${oldKeyId} (401) and accepts the current key of ${witness}${isNear ? ', so the key is deleted.' : '.'}`,
      !isNear &&
        `The policy has no key in workspace ${workspace} to compare with: if that workspace is suspended, the key may work again later.`,
      reason === 'removed' ? 'The secret that held it remains.' : 'The rotation is complete.',
    ],
    facts: { 'rejected by Mistral': 'yes', 'accepted meanwhile': witness },
    change: retired(retirement),
    nextSteps: [
      reason === 'removed' &&
        !isNear &&
        `Confirm at ${consoleOf(retirement)} that ${oldKeyId} is deleted`,
      reason === 'removed' && deleteSecret(retirement),
    ],
  });
}

/** Either the key cannot be tried any more, or no other key can be tried beside it. */
export function deletionNotVerified(
  context: RetirementContext & { readonly verdict: { readonly oldKey: OldKeyAnswer } },
): Alert {
  const { retirement, verdict } = context;
  const { secretName, oldKeyId, oldVersionId, reason } = retirement;
  return retirementAlert(context, {
    type: 'deletion-needed',
    severity: 'warning',
    title: `Confirm that the ${reason} key of ${secretName} is deleted`,
    description: [
      verdict.oldKey === 'rejected'
        ? `Mistral rejects key ${oldKeyId} (401), but the policy has no other key to compare with, so this does not prove that it is deleted.`
        : `Secrets Manager no longer stores version ${oldVersionId}, so Mistral cannot be asked whether key ${oldKeyId} still works.`,
      'The retirement has ended. You will get no further reminders.',
    ],
    nextSteps: [
      `Confirm at ${consoleOf(retirement)} that ${oldKeyId} is deleted; delete it if it is still listed`,
    ],
  });
}

/** A bare rejection proves nothing without the Admin API, so an operator decides. */
export function currentKeyRejected(context: CheckedAgainContext): Alert {
  const { retirement, verdict, at } = context;
  const { secretName, secretId, workspace, oldKeyId, oldVersionId } = retirement;
  // Of a key that left the policy and came back, none is known that could take over again.
  const replacing = retirement.reason === 'replaced' ? retirement : undefined;
  const oldWorks = verdict.oldKey === 'accepted';
  const { currentVersion } = verdict;
  return retirementAlert(context, {
    type: 'rotation-failed',
    severity: 'critical',
    title: `Mistral rejects the current key of ${secretName} (401)`,
    description: [
      `Services that read ${secretName} get 401 from Mistral.`,
      `Nothing was changed; the keys are checked again at ${timeText(verdict.checkAt, at)}.`,
      oldWorks
        ? `Mistral accepts key ${oldKeyId}, which is being retired, so the current key may be deleted or expired.`
        : `Mistral does not accept key ${oldKeyId} either, which is being retired: the workspace or the organization may be suspended, or a limit reached.`,
      `Do not delete ${oldKeyId} now.`,
    ],
    facts: {
      'answer to the retiring key': verdict.oldKey,
      'next check': timeText(verdict.checkAt),
    },
    change: failed(retirement, 'current-key-rejected'),
    nextSteps: [
      `Check at https://console.mistral.ai whether ${replacing?.newKeyId ?? 'the current key'} is listed in workspace ${workspace}, whether the workspace is suspended, or a bill is unpaid`,
      {
        say: 'If only this key is affected, supply a new one',
        command: supplyCommand(retirement),
      },
      oldWorks &&
        replacing !== undefined &&
        currentVersion !== undefined && {
          say: 'Until there is a new one, make the previous key current again',
          command: shell`aws secretsmanager update-secret-version-stage --secret-id ${secretId} --version-stage AWSCURRENT --move-to-version-id ${oldVersionId} --remove-from-version-id ${currentVersion}`,
        },
    ],
  });
}
