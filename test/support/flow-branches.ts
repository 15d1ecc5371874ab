import * as z from 'zod';
import type { Definition } from '../../testing/definition.js';

const TargetSchema = z.object({ Next: z.string() });
const RetrySchema = z.object({
  ErrorEquals: z.array(z.string()),
  MaxAttempts: z.number().default(3),
});
const StateSchema = z.object({
  Next: z.string().optional(),
  Default: z.string().optional(),
  Choices: z.array(TargetSchema).default([]),
  Catch: z.array(TargetSchema).default([]),
  Retry: z.array(RetrySchema).default([]),
});

const EventSchema = z.object({
  type: z.string(),
  state: z.object({ name: z.string() }).optional(),
  Error: z.string().optional(),
  retry: z.object({ retrier: RetrySchema }).optional(),
});

const goesOn = (from: string, to: string) => `${from} -> ${to}`;
const isCaught = (from: string, to: string) => `${from} fails for good -> ${to}`;
const isRetried = (state: string, errors: readonly string[]) =>
  `${state} is tried again after ${errors.join(', ')}`;
const givesUp = (state: string, error: string) => `${state} gives up on ${error}`;

/** Every branch of a state machine, with the names that `branchesTaken` uses. */
export function branchesOf({ States }: Definition): string[] {
  return Object.entries(States).flatMap(([name, raw]) => {
    const { Next, Default, Choices, Catch, Retry } = StateSchema.parse(raw);
    const targets = [...Choices.map((rule) => rule.Next), Next, Default];
    const distinct = new Set(Choices.map((rule) => rule.Next));
    if (distinct.size < Choices.length) {
      throw new Error(
        `two rules of "${name}" lead to one state, so a run does not tell them apart`,
      );
    }
    return [
      ...targets.flatMap((to) => (to === undefined ? [] : [goesOn(name, to)])),
      ...Catch.map((catcher) => isCaught(name, catcher.Next)),
      ...Retry.flatMap(({ ErrorEquals, MaxAttempts }) =>
        MaxAttempts > 0
          ? [isRetried(name, ErrorEquals)]
          : ErrorEquals.map((error) => givesUp(name, error)),
      ),
    ];
  });
}

/** The errors that a state never retries. */
export function finalErrorsOf({ States }: Definition, state: string): string[] {
  return StateSchema.parse(States[state] ?? {}).Retry.flatMap(({ ErrorEquals, MaxAttempts }) =>
    MaxAttempts === 0 ? ErrorEquals : [],
  );
}

export function statesEntered(history: readonly unknown[]): string[] {
  return parsed(history).flatMap(({ type, state }) =>
    type === 'StateEntered' && state ? [state.name] : [],
  );
}

/** The branches that one run took, from the interpreter's log. */
export function branchesTaken(history: readonly unknown[]): string[] {
  const taken: string[] = [];
  let from: string | undefined;
  let error: string | undefined;
  let attempts = 0;
  let caught = false;
  for (const { type, state, Error: name, retry } of parsed(history)) {
    if (type === 'StateEntered' && state) {
      if (from !== undefined) taken.push((caught ? isCaught : goesOn)(from, state.name));
      [from, attempts, caught] = [state.name, 0, false];
    } else if (type === 'StateFailed') {
      [error, attempts] = [name, attempts + 1];
    } else if (type === 'StateRetried' && state && retry) {
      taken.push(isRetried(state.name, retry.retrier.ErrorEquals));
    } else if (type === 'StateCaught' && state) {
      caught = true;
      if (attempts === 1 && error !== undefined) taken.push(givesUp(state.name, error));
    }
  }
  return taken;
}

function parsed(history: readonly unknown[]): z.infer<typeof EventSchema>[] {
  return history.map((event) => EventSchema.parse(event));
}
