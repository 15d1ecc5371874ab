export type VirtualClock = ReturnType<typeof createVirtualClock>;

interface Planned {
  readonly when: number;
  readonly action: () => Promise<unknown>;
}

/** A clock that only moves when it is moved, and plays what was planned for the time it passes. */
export function createVirtualClock(start: Date) {
  let time = start.getTime();
  let planned: Planned[] = [];

  return {
    now: (): Date => new Date(time),

    /** The time is over at once. */
    async sleep(milliseconds: number): Promise<void> {
      time += Math.max(0, milliseconds);
    },

    /** Plans something for a time; what is due already comes next. */
    at(when: Date, action: () => Promise<unknown>): void {
      planned.push({ when: when.getTime(), action });
      // The sort is stable: what is planned for the same time keeps its order.
      planned.sort((one, other) => one.when - other.when);
    },

    /** Plays all that is planned until `end`, one thing after the other, in the order of time. */
    async playUntil(end: Date): Promise<void> {
      for (let next = planned[0]; next && next.when <= end.getTime(); next = planned[0]) {
        planned = planned.slice(1);
        time = Math.max(time, next.when);
        await next.action();
      }
      time = Math.max(time, end.getTime());
    },
  };
}
