/** An answer that has not begun: a link of a chain in the order in which they were asked for. */
export interface AwaitedAnswer {
  askedAtMs: number;
  earlier: AwaitedAnswer | undefined;
  later: AwaitedAnswer | undefined;
  /** Called once, where the answer has not begun in time. */
  late(): void;
}

/**
 * One limit for many answers: they become late in the order in which they were asked for, so one
 * timer for the oldest does for all. Neither a timer nor an entry of a map is made for each.
 */
export class LateAnswers {
  #oldest: AwaitedAnswer | undefined;
  #newest: AwaitedAnswer | undefined;
  #isTimed = false;

  constructor(readonly afterMs: number) {}

  await(answer: AwaitedAnswer): void {
    answer.askedAtMs = performance.now();
    answer.earlier = this.#newest;
    if (this.#newest) this.#newest.later = answer;
    else this.#oldest = answer;
    this.#newest = answer;
    if (!this.#isTimed) this.#look(this.afterMs);
  }

  /** It has begun, or nobody waits any more. */
  ended(answer: AwaitedAnswer): void {
    const { earlier, later } = answer;
    if (!earlier && this.#oldest !== answer) return; // not in the chain
    if (earlier) earlier.later = later;
    else this.#oldest = later;
    if (later) later.earlier = earlier;
    else this.#newest = earlier;
    answer.earlier = undefined;
    answer.later = undefined;
  }

  /** Does not keep a process alive: the connections of those that wait do. */
  #look(inMs: number): void {
    this.#isTimed = true;
    setTimeout(() => this.#sweep(), Math.ceil(inMs)).unref();
  }

  #sweep(): void {
    this.#isTimed = false;
    const now = performance.now();
    for (let oldest = this.#oldest; oldest; oldest = this.#oldest) {
      const leftMs = oldest.askedAtMs + this.afterMs - now;
      if (leftMs > 0) {
        this.#look(leftMs);
        return;
      }
      this.ended(oldest);
      oldest.late();
    }
  }
}
