import { type Account, isSettled } from './account.js';
import { type HolderParts, type Purpose, plannedSpare, startTurn } from './exchange-turn.js';
import { rollDemand } from './lease-size.js';
import { CLOCK_MARGIN_MS, LEASE_MS } from './lease-time.js';

/** Settles, renews and gives back in one exchange, where there is anything to tell the counter. */
export async function flushAccount(
  account: Account,
  parts: HolderParts,
  purpose: Purpose,
): Promise<void> {
  // A turn that is under way may have left before the last request was settled.
  await account.turn;
  const isDue = purpose === 'give-back' ? !isSettled(account) : hasNews(account, parts);
  if (isDue) await startTurn(account, parts, purpose);
}

/** Nothing will be spent in that window any more, even if a clock that was fast is put right. */
export function isOver(account: Account, nowMs: number): boolean {
  const hasEnded = nowMs > account.endsMs + 2 * CLOCK_MARGIN_MS;
  return hasEnded && account.users === 0 && !account.turn && isSettled(account);
}

function hasNews(account: Account, parts: HolderParts): boolean {
  const { position, demand } = account;
  const { lease, used, inFlight, unanswered, free } = position;
  const nowMs = parts.nowMs();
  rollDemand(demand, nowMs);
  if (used !== 0 || unanswered.length > 0) return true;
  if (!lease) return false;
  if (inFlight !== lease.inFlight) return true;
  if (inFlight > 0 && nowMs > lease.until - LEASE_MS / 2) return true;
  // Twice, lest a demand that falls slowly costs a write every second.
  return free > 2 * plannedSpare(account, parts);
}
