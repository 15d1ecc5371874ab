import type { Log } from './log.js';
import { shortened } from './wording.js';

/** An attempt that failed, for example at reading one secret or one workspace. */
export interface Failure {
  readonly what: string;
  readonly subject: string;
  readonly reason: string;
}

/** Collects what fails for one of many and must not stop the others. */
export interface Failures {
  readonly list: readonly Failure[];
  /** The attempt's answer; `undefined` where it failed, which is logged and kept. */
  attempt<Answer>(
    what: string,
    subject: string,
    attempt: () => Promise<Answer>,
  ): Promise<Answer | undefined>;
  /** @throws AggregateError naming what failed and why */
  throwIfAny(): void;
}

// What CloudFormation and Lambda show of an error without cutting it.
const MESSAGE_CHARACTERS = 1000;

export function createFailures(log: Log, level: 'warn' | 'error' = 'error'): Failures {
  const list: Failure[] = [];
  const errors: unknown[] = [];
  return {
    list,

    async attempt(what, subject, attempt) {
      try {
        return await attempt();
      } catch (error) {
        list.push({ what, subject, reason: messageOf(error) });
        errors.push(error);
        log[level](what, { subject, error });
        return undefined;
      }
    },

    throwIfAny() {
      if (errors.length === 0) return;
      const message = list.map(failureText).join('; ');
      throw new AggregateError(errors, shortened(message, MESSAGE_CHARACTERS));
    },
  };
}

/** What an error says; of several without a message of their own, what each says. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

const UNREAD: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you are not allowed to read it',
  EPERM: 'you are not allowed to read it',
};

/** Why a file could not be read, without the words of Node. */
export function unreadText(error: unknown): string {
  if (!(error instanceof Error && 'code' in error)) return messageOf(error);
  const code = String(error.code);
  return UNREAD[code] ?? `the system reports ${code}`;
}

/** `first rotation not started (mistral/dev/team): denied` */
export function failureText({ what, subject, reason }: Failure): string {
  return `${what} (${subject}): ${reason}`;
}
