import { percentOf } from '../../governance/platform/wording.js';
import {
  isMoney,
  type Quota,
  type QuotaClaim,
  type QuotaHolder,
  type ReserveOutcome,
} from '../../governance/quotas/quota.js';
import { windowEnd, windowName } from '../../governance/quotas/quota-window.js';
import { shardLimit } from '../../governance/quotas/shards.js';

/** Quotas in memory, as if one process had made all requests one after the other. */
export interface QuotaLedger extends Pick<QuotaHolder, 'reserve'> {
  /** What is used in the window around an instant. */
  usedAt(quota: Quota, at: Date): number;
  /** Forgets windows that ended before an instant, except budgets. */
  forgetBefore(at: Date): void;
}

interface Line {
  readonly quota: Quota;
  readonly endsMs: number;
  used: number;
}

export function createQuotaLedger(now: () => Date): QuotaLedger {
  const lines = new Map<string, Line>();

  function keyOf({ scope, unit }: Quota, name: string): string {
    return `${scope} ${unit} ${name}`;
  }

  function lineOf(quota: Quota, at: Date): Line {
    const key = keyOf(quota, windowName(quota.window, at));
    const known = lines.get(key);
    if (known) return known;
    const line = { quota, endsMs: windowEnd(quota.window, at).getTime(), used: 0 };
    lines.set(key, line);
    return line;
  }

  return {
    reserve(claims) {
      const at = now();
      const refusal = firstRefusal(claims, at, (quota) => lineOf(quota, at).used);
      if (refusal) return refusal;
      const taken = claims.map(({ quota, amount }) => ({ line: lineOf(quota, at), amount }));
      for (const { line, amount } of taken) line.used += amount;
      const book = (used: readonly number[]) => {
        for (const [index, { line, amount }] of taken.splice(0).entries())
          line.used += (used[index] ?? 0) - amount;
      };
      return { kind: 'reserved', settle: book, release: () => book([]) };
    },

    usedAt: (quota, at) => lines.get(keyOf(quota, windowName(quota.window, at)))?.used ?? 0,

    forgetBefore(at) {
      for (const [key, { quota, endsMs }] of lines) {
        if (!isMoney(quota) && endsMs < at.getTime()) lines.delete(key);
      }
    },
  };
}

/** As in the gateway, a request too large for any window is reported before an exhausted window. */
function firstRefusal(
  claims: readonly QuotaClaim[],
  at: Date,
  usedOf: (quota: Quota) => number,
): Exclude<ReserveOutcome, { kind: 'reserved' }> | undefined {
  for (const { quota, amount } of claims) {
    const largest = shardLimit(quota, 0);
    if (amount <= largest) continue;
    return { kind: 'too-large', quota, windowName: windowName(quota.window, at), amount, largest };
  }
  const full = claims.find(({ quota, amount }) => usedOf(quota) + amount > quota.limit);
  if (!full) return undefined;
  const { quota, amount } = full;
  return {
    kind: 'exhausted',
    quota,
    windowName: windowName(quota.window, at),
    resetsAt: windowEnd(quota.window, at),
    mayFreeSooner: false,
    amount,
    spentPercent: percentOf(usedOf(quota), quota.limit),
  };
}
