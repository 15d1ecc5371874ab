import { messageOf } from '../platform/failures.js';
import type { Log } from '../platform/log.js';

const LONGEST = 300;

/** What the audit could not check, and continues without. */
export interface Problems {
  readonly list: readonly string[];
  /** The attempt's answer, or `undefined` with the failure noted. */
  attempt<Answer>(what: string, attempt: () => Promise<Answer>): Promise<Answer | undefined>;
  note(what: string, reason: string): void;
}

export function createProblems(log: Log): Problems {
  const list: string[] = [];
  function note(what: string, reason: string): void {
    list.push(`${what}: ${reason.slice(0, LONGEST)}`);
  }
  return {
    list,
    note,

    async attempt(what, attempt) {
      try {
        return await attempt();
      } catch (error) {
        note(what, messageOf(error));
        log.warn('audit continues incomplete', { what, error });
        return undefined;
      }
    },
  };
}
