/** A clock that only moves when it is told to, and plays what was planned for the time it passes. */
export interface VirtualClock {
  now(): Date;
  /** The time is over at once. */
  sleep(milliseconds: number): Promise<void>;
  /** Plans something for a time; what is due already comes next. */
  at(when: Date, action: () => Promise<unknown>): void;
  /** Plays all that is planned until `end`, one thing after the other, in the order of time. */
  playUntil(end: Date): Promise<void>;
}

interface Planned {
  readonly when: number;
  readonly action: () => Promise<unknown>;
}

export function createVirtualClock(start: Date): VirtualClock {
  let time = start.getTime();
  let planned: Planned[] = [];

  return {
    now: () => new Date(time),

    async sleep(milliseconds) {
      time += Math.max(0, milliseconds);
    },

    at(when, action) {
      planned.push({ when: when.getTime(), action });
      // The sort is stable: what is planned for the same time keeps its order.
      planned.sort((one, other) => one.when - other.when);
    },

    async playUntil(end) {
      for (let next = planned[0]; next && next.when <= end.getTime(); next = planned[0]) {
        planned = planned.slice(1);
        time = Math.max(time, next.when);
        await next.action();
      }
      time = Math.max(time, end.getTime());
    },
  };
}
