export type AnswerFaults<Call> = ReturnType<typeof createAnswerFaults<Call>>;

/** Answers that can be lost on their way: the call has been acted on, its caller gets no answer. */
export function createAnswerFaults<Call>() {
  const waiting = new Set<{ matches: (call: Call) => boolean; acted: () => void }>();

  return {
    /** Loses the answer to the next call that matches; fulfilled once that call has been acted on. */
    loseAnswer: (matches: (call: Call) => boolean) =>
      new Promise<void>((acted) => waiting.add({ matches, acted })),

    /** Whether the answer to this call is lost. For the server that gives the answers. */
    loses(call: Call): boolean {
      for (const one of waiting) {
        if (!one.matches(call)) continue;
        waiting.delete(one);
        one.acted();
        return true;
      }
      return false;
    },
  };
}
