import type { Alert, NextStep } from '../../alerts/alert.js';
import { shell } from '../../platform/quoting.js';
import { instantText } from '../../platform/wording.js';
import type { Consumer } from '../refresh.js';
import type { Retirement } from '../retirement.js';
import { type Notified, nextReminder } from '../retirement-reminder.js';
import { rotateCommand } from '../rotate-command.js';
import { threadOf } from '../rotation.js';

/** What every alert of a retirement starts from. */
export interface RetirementContext {
  readonly retirement: Retirement;
  readonly at: Date;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  /** Who may read the secret by the policy; `undefined` where it no longer has the key. */
  readonly readers?: readonly string[] | undefined;
  /** What the policy has restart after a rotation. */
  readonly consumers?: readonly Consumer[];
}

/** Sentences and steps that do not apply are left out. */
interface Worded
  extends Pick<Alert, 'type' | 'severity' | 'title'>,
    Partial<Pick<Alert, 'facts' | 'change' | 'changeId'>> {
  readonly description: readonly (string | false)[];
  /** A step without a command is its sentence alone. @default none */
  readonly nextSteps?: readonly (NextStep | string | false)[];
}

/** Fills in what all alerts of one retirement share, so that they read and thread alike. */
export function retirementAlert(
  { retirement, at }: Pick<RetirementContext, 'retirement' | 'at'>,
  { description, nextSteps = [], ...worded }: Worded,
): Alert {
  return {
    ...worded,
    description: description.filter(Boolean).join(' '),
    nextSteps: nextSteps
      .filter((step) => step !== false)
      .map((step) => (typeof step === 'string' ? { say: step } : step)),
    workspace: retirement.workspace,
    threadId: threadOfRetirement(retirement),
    at,
    facts: { secret: retirement.secretName, ...keysOf(retirement), ...worded.facts },
  };
}

function threadOfRetirement(retirement: Retirement): string {
  if (retirement.reason === 'replaced') return threadOf(retirement.newVersionId);
  return `removal-${retirement.oldVersionId}`;
}

function keysOf(retirement: Retirement): Alert['facts'] {
  const { oldKeyId, promotedAt } = retirement;
  return retirement.reason === 'removed'
    ? { 'removed key': oldKeyId, 'removed at': timeText(promotedAt) }
    : {
        'previous key': oldKeyId,
        'new key': retirement.newKeyId,
        'replaced at': timeText(promotedAt),
      };
}

/** What a verdict has where on-call is notified again as long as it holds. */
export interface Reminding {
  readonly notified?: Notified | undefined;
}

/** When the alert comes again, if nothing is done. */
export function reminderSentence({ notified }: Reminding): string | false {
  return (
    notified !== undefined &&
    `If nothing changes, the next reminder follows on ${nextReminder(notified)}, and later ones less and less often.`
  );
}

/** A time of the flow's state. */
export function timeText(iso: string, now?: Date): string {
  return instantText(new Date(iso), now);
}

/** `unfinished` is the version that keeps Secrets Manager from the next rotation, if there is one. */
export function rotateAgain(
  say: string,
  { secretId }: Pick<Retirement, 'secretId'>,
  unfinished: string | undefined,
): NextStep {
  const release = `; this first releases the rotation to version ${unfinished}, which has not finished`;
  return {
    say: unfinished === undefined ? say : say + release,
    command: rotateCommand(secretId, unfinished),
  };
}

export function deleteSecret({ secretId }: Pick<Retirement, 'secretId'>): NextStep {
  return {
    say: 'When no service reads the secret any more, delete it (it can be restored for 30 days)',
    command: shell`aws secretsmanager delete-secret --secret-id ${secretId} --recovery-window-in-days 30`,
  };
}

export function consoleOf({ workspace }: Pick<Retirement, 'workspace'>): string {
  return `https://console.mistral.ai > workspace ${workspace} > API keys`;
}
