/** Measures how long this process serves nothing else, from the call of `watchEventLoop` on. */
export interface EventLoopWatch {
  /** The longest time in milliseconds since the last call. */
  longest(): number;
}

const TICK_MS = 1;

/** In CPU time where that is less: while the process waits for a processor, no request holds it up. */
export function watchEventLoop(): EventLoopWatch {
  let longest = 0;
  let { wall, cpu } = times();
  setInterval(() => {
    const now = times();
    longest = Math.max(longest, Math.min(now.wall - wall, now.cpu - cpu));
    ({ wall, cpu } = now);
  }, TICK_MS);
  return {
    longest() {
      const found = longest;
      longest = 0;
      return found;
    },
  };
}

function times(): { wall: number; cpu: number } {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1000 };
}
