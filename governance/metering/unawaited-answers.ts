/** A request at Mistral whose caller no longer waits. */
interface Unawaited {
  /** Ends it: what it costs counts at its upper bound. */
  cut(): void;
}

export interface UnawaitedLimits {
  readonly withinMs: number;
  readonly atOnce: number;
}

/** With the longest wait for a first byte, this ends before the gateway's function does, after 15 minutes. */
export const UNAWAITED_LIMITS: UnawaitedLimits = { withinMs: 240_000, atOnce: 256 };

/**
 * Answers that are read to their end although their callers have left. Mistral generates and bills
 * them anyway, and only the end of an answer says how much.
 */
export class UnawaitedAnswers {
  readonly #timers = new Map<Unawaited, NodeJS.Timeout>();
  #isClosed = false;

  constructor(readonly limits: UnawaitedLimits) {}

  /** Whether this one is read to its end. */
  admit(answer: Unawaited): boolean {
    if (this.#timers.has(answer)) return true;
    if (this.#isClosed || this.#timers.size >= this.limits.atOnce) return false;
    this.#timers.set(
      answer,
      setTimeout(() => answer.cut(), this.limits.withinMs),
    );
    return true;
  }

  ended(answer: Unawaited): void {
    clearTimeout(this.#timers.get(answer));
    this.#timers.delete(answer);
  }

  close(): void {
    this.#isClosed = true;
    for (const answer of [...this.#timers.keys()]) answer.cut();
  }
}
