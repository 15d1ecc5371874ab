const BASE_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** How long to wait after so many attempts: anything up to twice as long each time, so that callers spread out. */
export function backoffMs(attempts: number, random: () => number): number {
  return random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (attempts - 1));
}
