/** Answers that can be lost on their way: the call has been acted on, its caller gets no answer. */
export interface AnswerFaults<Call> {
  /** Loses the answer to the next call that matches; fulfilled once that call has been acted on. */
  loseAnswer(matches: (call: Call) => boolean): Promise<void>;
  /** Whether the answer to this call is lost. For the server that gives the answers. */
  loses(call: Call): boolean;
}

export function createAnswerFaults<Call>(): AnswerFaults<Call> {
  const waiting = new Set<{ matches: (call: Call) => boolean; acted: () => void }>();

  return {
    loseAnswer: (matches) => new Promise((acted) => waiting.add({ matches, acted })),

    loses(call) {
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
