import * as z from 'zod';
import { compareSeverity } from '../alerts/alert.js';
import { nextReminderOn } from '../alerts/reminder.js';
import { addDays, type IsoDate, utcDay } from '../platform/utc-day.js';
import type { Acceptances } from './acceptances.js';
import { type Coverage, undecidedBy, withoutGrouped } from './coverage.js';
import { type Finding, FindingSchema, groupOf } from './finding.js';

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
  readonly acceptances: Pick<Acceptances, 'covers'>;
  readonly remindEveryDays: number;
  readonly now: Date;
}

export interface FindingChanges {
  readonly opened: readonly OpenFinding[];
  /** Open before, and more severe now. */
  readonly raised: readonly OpenFinding[];
  /** Open before, and not known to be gone. */
  readonly stillOpen: readonly OpenFinding[];
  /** Those of them that were counted as one of many before, and are not any more. */
  readonly split: readonly OpenFinding[];
  /** Open before; accepted by now, or counted as one of many: neither is news. */
  readonly dropped: readonly OpenFinding[];
  readonly resolved: readonly OpenFinding[];
  /** Whether it is time to remind on-call of all that is open. */
  readonly isReminderDue: boolean;
}

/** A finding opens once, is raised when it gets worse, and resolves once; back again, it opens again. */
export function reconcileFindings(facts: FindingFacts): FindingChanges {
  const { before, coverage, acceptances, remindEveryDays, now } = facts;
  const today = utcDay(now);
  const isUndecided = undecidedBy(coverage);
  const isComplete = coverage.source === 'operator' || coverage.allKeys;
  const known = before.map(({ finding }) => finding);
  const current = isComplete ? facts.current : withoutGrouped(facts.current, known);
  const unmatched = new Map(current.map((finding) => [finding.id, finding]));
  const currentIds = new Set(unmatched.keys());
  const splitGroups = new Set(current.filter(isGroupable).map(groupOf));
  const groups = new Map(before.map((old) => [old.finding.id, old]));

  const raised: OpenFinding[] = [];
  const stillOpen: OpenFinding[] = [];
  const dropped: OpenFinding[] = [];
  const resolved: OpenFinding[] = [];
  let isReminderDue = false;
  for (const old of before) {
    const found = unmatched.get(old.finding.id);
    unmatched.delete(old.finding.id);
    if (!found) {
      const { id } = old.finding;
      const isJoined = isGroupable(old.finding) && currentIds.has(groupOf(old.finding));
      if (acceptances.covers(old.finding) || isJoined || splitGroups.has(id)) dropped.push(old);
      else (isUndecided(old.finding) ? stillOpen : resolved).push(old);
      continue;
    }
    const finding = withEarlierSince(found, old.finding);
    if (compareSeverity(found.severity, old.finding.severity) < 0)
      raised.push({ ...old, finding, lastNotifiedOn: today });
    else {
      stillOpen.push({ ...old, finding });
      isReminderDue ||= today >= reminderOf(old, remindEveryDays);
    }
  }
  const opened: OpenFinding[] = [];
  const split: OpenFinding[] = [];
  for (const finding of unmatched.values()) {
    const group = isGroupable(finding) ? groups.get(groupOf(finding)) : undefined;
    if (group && finding.since <= group.lastNotifiedOn) split.push({ ...group, finding });
    else opened.push({ finding, openedOn: today, lastNotifiedOn: today });
  }
  stillOpen.push(...split);
  return { opened, raised, stillOpen, split, dropped, resolved, isReminderDue };
}

/** A critical finding fails requests now: the waits for its reminders do not grow. */
function reminderOf(open: OpenFinding, everyDays: number): IsoDate {
  const { finding, lastNotifiedOn } = open;
  const isCritical = finding.severity === 'critical';
  return isCritical ? addDays(lastNotifiedOn, everyDays) : nextReminderOn(open, everyDays);
}

/** Whether it may be counted as one of many: critical ones never are. */
function isGroupable(finding: Finding): boolean {
  return finding.severity !== 'critical' && finding.id !== groupOf(finding);
}

/** All findings that hold after an audit. */
export function openAfter({ opened, raised, stillOpen }: FindingChanges): readonly OpenFinding[] {
  return [...opened, ...raised, ...stillOpen];
}

/** A finding without a date of its own began when it was first seen. */
function withEarlierSince(finding: Finding, before: Finding): Finding {
  return before.since < finding.since ? { ...finding, since: before.since } : finding;
}
