import * as z from 'zod';
import { compareSeverity } from '../alerts/alert.js';
import { daysBetween, utcDay } from '../platform/utc-day.js';
import { type Coverage, undecidedBy, withoutGrouped } from './coverage.js';
import { type Finding, FindingSchema } from './finding.js';

export const OpenFindingSchema = z.object({
  finding: FindingSchema,
  openedOn: z.iso.date(),
  /** The day on which on-call was last notified of it. */
  lastNotifiedOn: z.iso.date(),
});

/** A finding that on-call was notified of and that still holds, as far as is known. */
export type OpenFinding = Readonly<z.infer<typeof OpenFindingSchema>>;

export interface FindingFacts {
  readonly before: readonly OpenFinding[];
  readonly current: readonly Finding[];
  readonly coverage: Coverage;
  readonly remindEveryDays: number;
  readonly now: Date;
}

export interface FindingChanges {
  readonly opened: readonly OpenFinding[];
  /** Open before, and more severe now. */
  readonly raised: readonly OpenFinding[];
  /** Open before, and not known to be gone. */
  readonly stillOpen: readonly OpenFinding[];
  readonly resolved: readonly OpenFinding[];
  /** Whether it is time to remind on-call of all that is open. */
  readonly isReminderDue: boolean;
}

/** A finding opens once, is raised when it gets worse, and resolves once; back again, it opens again. */
export function reconcileFindings(facts: FindingFacts): FindingChanges {
  const { before, coverage, remindEveryDays, now } = facts;
  const today = utcDay(now);
  const isUndecided = undecidedBy(coverage);
  const isComplete = coverage.source === 'operator' || coverage.allKeys;
  const known = before.map(({ finding }) => finding);
  const current = isComplete ? facts.current : withoutGrouped(facts.current, known);
  const unmatched = new Map(current.map((finding) => [finding.id, finding]));

  const raised: OpenFinding[] = [];
  const stillOpen: OpenFinding[] = [];
  const resolved: OpenFinding[] = [];
  let isReminderDue = false;
  for (const old of before) {
    const found = unmatched.get(old.finding.id);
    unmatched.delete(old.finding.id);
    if (!found) {
      (isUndecided(old.finding) ? stillOpen : resolved).push(old);
      continue;
    }
    const finding = withEarlierSince(found, old.finding);
    if (compareSeverity(found.severity, old.finding.severity) < 0)
      raised.push({ ...old, finding, lastNotifiedOn: today });
    else {
      stillOpen.push({ ...old, finding });
      isReminderDue ||= daysBetween(old.lastNotifiedOn, today) >= remindEveryDays;
    }
  }
  const opened = [...unmatched.values()].map((finding) => ({
    finding,
    openedOn: today,
    lastNotifiedOn: today,
  }));
  return { opened, raised, stillOpen, resolved, isReminderDue };
}

/** All findings that hold after an audit. */
export function openAfter({ opened, raised, stillOpen }: FindingChanges): readonly OpenFinding[] {
  return [...opened, ...raised, ...stillOpen];
}

/** A finding without a date of its own began when it was first seen. */
function withEarlierSince(finding: Finding, before: Finding): Finding {
  return before.since < finding.since ? { ...finding, since: before.since } : finding;
}
