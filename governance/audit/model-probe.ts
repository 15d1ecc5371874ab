import { addDays, type IsoDate, utcDay } from '../platform/utc-day.js';
import type { KeyInUse } from './managed-audit.js';

/** On which day the audit itself last used a key, by the key's id. */
export type Probes = Readonly<Record<string, IsoDate>>;

/**
 * The key to list models with. Listing counts as use, so it must be one that its service used
 * since yesterday, and since the audit's own last use of it: an idle key must be seen to go stale.
 */
export function chooseProbe(
  keys: readonly KeyInUse[],
  probes: Probes,
  now: Date,
): KeyInUse | undefined {
  const yesterday = addDays(utcDay(now), -1);
  return keys
    .filter(
      ({ keyId, lastUsedOn }) => lastUsedOn >= yesterday && lastUsedOn > (probes[keyId] ?? ''),
    )
    .reduce<KeyInUse | undefined>(
      (best, key) => (best && best.lastUsedOn >= key.lastUsedOn ? best : key),
      undefined,
    );
}

/** Older ones are of no use: their keys count as idle by then. */
export function rememberProbe(probes: Probes, { keyId }: KeyInUse, now: Date): Probes {
  const today = utcDay(now);
  const recent = Object.entries(probes).filter(([, day]) => day >= addDays(today, -1));
  return { ...Object.fromEntries(recent), [keyId]: today };
}
