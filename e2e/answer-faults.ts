/** Where answers can be lost on their way: the call has been acted on, whoever made it never hears. */
export interface Gate<Call> {
  /** Keeps back the answer to the next call that matches; fulfilled once that call has been acted on. */
  loseAnswer(matches: (call: Call) => boolean): Promise<void>;
  /** Whether the answer to this call stays here. For the server that gives the answers. */
  keeps(call: Call): boolean;
}

export function createGate<Call>(): Gate<Call> {
  const waiting = new Set<{ matches: (call: Call) => boolean; acted: () => void }>();

  return {
    loseAnswer: (matches) => new Promise((acted) => waiting.add({ matches, acted })),

    keeps(call) {
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
