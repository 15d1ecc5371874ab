import type { ListedKey } from '../mistral/mistral.js';
import { addDays, DAY_MS, type IsoDate, utcDay } from '../platform/utc-day.js';
import type { FindingType } from '../policy/finding-types.js';
import type { AuditPolicy } from '../policy/policy.js';
import type { Basis } from './key-tally.js';

export type AuditRules = Pick<AuditPolicy, 'staleAfterDays' | 'maxAgeDays' | 'expiringWithinDays'>;

export type ReportKey = (type: FindingType, key: ListedKey, basis: Basis) => void;

/** What is wrong with a key by its dates alone. An expired key has no other finding. */
export function createHygieneCheck(
  { staleAfterDays, maxAgeDays, expiringWithinDays }: AuditRules,
  now: Date,
) {
  const today = utcDay(now);
  const lastStaleDay = addDays(today, -staleAfterDays);
  const lastExpiringDay = addDays(today, expiringWithinDays);
  const staleSinceMs = now.getTime() - staleAfterDays * DAY_MS;
  const overAgeSinceMs = now.getTime() - (maxAgeDays + 1) * DAY_MS;

  return (key: ListedKey, report: ReportKey): void => {
    const { lastUsedOn, expiresOn } = key;
    const createdMs = createdAtMs(key, now);
    if (expiresOn !== undefined && expiresOn < today) {
      report('expired', key, expiresOn);
      return;
    }
    if (expiresOn === undefined) report('no-expiry', key, createdMs);
    else if (expiresOn <= lastExpiringDay) report('expiring', key, expiresOn);

    if (lastUsedOn === undefined) {
      if (createdMs <= staleSinceMs) report('never-used', key, createdMs);
    } else if (lastUsedOn <= lastStaleDay) report('stale', key, lastUsedOn);
    if (createdMs <= overAgeSinceMs) report('over-age', key, createdMs);
  };
}

/** A key without a creation date is taken to be new. */
export function createdAtMs({ createdAt }: ListedKey, now: Date): number {
  return (createdAt ?? now).getTime();
}

/** The day from which on a key has been as found. */
export function sinceWhen(type: FindingType, basis: Basis, rules: AuditRules): IsoDate {
  const { staleAfterDays, maxAgeDays, expiringWithinDays } = rules;
  const offsetDays: Partial<Record<FindingType, number>> = {
    stale: staleAfterDays,
    'never-used': staleAfterDays,
    'over-age': maxAgeDays + 1,
    expiring: -expiringWithinDays,
    expired: 1,
  };
  const day = typeof basis === 'number' ? utcDay(new Date(basis)) : basis;
  return addDays(day, offsetDays[type] ?? 0);
}
