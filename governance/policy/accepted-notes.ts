import { utcDay } from '../platform/utc-day.js';
import type { Policy } from './policy.js';

/** Entries of `audit.accepted` that accept nothing any more, or also what is not there yet. */
export function acceptedNotes({ audit }: Pick<Policy, 'audit'>, now: Date): string[] {
  return audit.accepted.flatMap(({ type, subject, until }, index) => {
    const at = `audit.accepted[${index}]`;
    if (until < utcDay(now)) {
      return [`${at}.until: ${until} is over, so nothing is accepted: take the entry out`];
    }
    if (![subject].flat().some((one) => /^\*+$/.test(one))) return [];
    return [
      `${at}.subject: "*" accepts every ${type} finding until ${until}, also of what does not exist yet: name subjects or ids`,
    ];
  });
}
