export type VirtualClock = ReturnType<typeof createVirtualClock>;

interface Planned {
  readonly when: number;
  readonly action: () => Promise<unknown>;
}

/** A virtual clock. Moving it runs the events that were planned for the time it passes. */
export function createVirtualClock(start: Date) {
  let time = start.getTime();
  let planned: Planned[] = [];

  return {
    now: (): Date => new Date(time),

    /** Returns at once: waiting takes no real time. */
    async sleep(milliseconds: number): Promise<void> {
      time += Math.max(0, milliseconds);
    },

    /** Plans an event for a time; one that is already due runs next. */
    at(when: Date, action: () => Promise<unknown>): void {
      planned.push({ when: when.getTime(), action });
      // The sort is stable: events of the same time keep their order.
      planned.sort((one, other) => one.when - other.when);
    },

    /** Runs all events planned until `end`, one after the other, in order of time. */
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
