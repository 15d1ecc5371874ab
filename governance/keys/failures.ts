import type { Log } from '../platform/log.js';

/** What went wrong with one secret, which must not stop the others. */
export interface Failures {
  /** The attempt's answer, or `undefined` with the failure noted. */
  attempt<Answer>(
    what: string,
    secretName: string,
    attempt: () => Promise<Answer>,
  ): Promise<Answer | undefined>;
  throwIfAny(): void;
}

export function createFailures(log: Log): Failures {
  const failures: unknown[] = [];
  return {
    async attempt(what, secretName, attempt) {
      try {
        return await attempt();
      } catch (error) {
        failures.push(error);
        log.error(what, { secret: secretName, error });
        return undefined;
      }
    },

    throwIfAny() {
      if (failures.length === 0) return;
      throw new AggregateError(
        failures,
        `${failures.length} keys could not be provisioned or retired`,
      );
    },
  };
}
