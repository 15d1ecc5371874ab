/** A request at Mistral whose caller no longer waits. */
interface Unawaited {
  readonly isStream: boolean;
  /** Ends it: what it costs counts at its upper bound. */
  cut(): void;
}

export interface UnawaitedLimits {
  readonly withinMs: number;
  readonly streamWithinMs: number;
  readonly atOnce: number;
}

/**
 * With the longest wait for a first byte, a whole answer ends before the gateway's function does, after
 * 15 minutes. A stream is given the time of its last sentences, since what it generates now has no reader.
 */
export const UNAWAITED_LIMITS: UnawaitedLimits = {
  withinMs: 240_000,
  streamWithinMs: 5000,
  atOnce: 256,
};

/**
 * Answers that are read on although their callers have left: only the end of an answer says how much
 * Mistral bills. What is no stream is generated anyway; a stream may be about to end.
 */
export class UnawaitedAnswers {
  readonly #timers = new Map<Unawaited, NodeJS.Timeout>();
  #isClosed = false;

  constructor(readonly limits: UnawaitedLimits) {}

  /** Whether this one is read to its end. */
  admit(answer: Unawaited): boolean {
    if (this.#timers.has(answer)) return true;
    if (this.#isClosed || this.#timers.size >= this.limits.atOnce) return false;
    const { withinMs, streamWithinMs } = this.limits;
    const timer = setTimeout(() => answer.cut(), answer.isStream ? streamWithinMs : withinMs);
    this.#timers.set(answer, timer);
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
