const DAY_MS = 86_400_000;

/** In whole days. None for what another clock, a little ahead, says was just made. */
export function ageInDays(since: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - since.getTime()) / DAY_MS));
}
