import * as z from 'zod';
import { WORST_FIRST } from '../alerts/alert.js';
import { daysBetween, utcDay } from '../platform/utc-day.js';
import { type Finding, FindingSchema } from './finding.js';

export const OpenFindingSchema = z.object({
  finding: FindingSchema,
  openedOn: z.iso.date(),
  /** When on-call last heard of it. */
  lastToldOn: z.iso.date(),
});

/** A finding that was told and still holds, as far as is known. */
export type OpenFinding = Readonly<z.infer<typeof OpenFindingSchema>>;

export interface FindingFacts {
  readonly before: readonly OpenFinding[];
  readonly current: readonly Finding[];
  /** Whether this audit could not tell if a finding still holds. */
  readonly isUndecided: (finding: Finding) => boolean;
  readonly remindEveryDays: number;
  readonly now: Date;
}

export interface FindingChanges {
  readonly open: readonly OpenFinding[];
  readonly remind: readonly OpenFinding[];
  readonly resolve: readonly OpenFinding[];
  readonly unchanged: readonly OpenFinding[];
}

/**
 * A finding opens once, reminds while it holds and as soon as it gets worse, and resolves once; back
 * again, it opens anew.
 */
export function reconcileFindings(facts: FindingFacts): FindingChanges {
  const today = utcDay(facts.now);
  const current = new Map(facts.current.map((finding) => [finding.id, finding]));
  const known = new Set(facts.before.map(({ finding }) => finding.id));
  const open = [...current.values()]
    .filter(({ id }) => !known.has(id))
    .map((finding) => ({ finding, openedOn: today, lastToldOn: today }));

  const remind: OpenFinding[] = [];
  const resolve: OpenFinding[] = [];
  const unchanged: OpenFinding[] = [];
  for (const before of facts.before) {
    const finding = current.get(before.finding.id);
    const isDue = daysBetween(before.lastToldOn, today) >= facts.remindEveryDays;
    if (finding && (isDue || isWorse(finding, before.finding))) {
      remind.push({ ...before, finding: withEarlierSince(finding, before), lastToldOn: today });
    } else if (finding || facts.isUndecided(before.finding)) {
      unchanged.push(before);
    } else {
      resolve.push(before);
    }
  }
  return { open, remind, resolve, unchanged };
}

function isWorse(now: Finding, told: Finding): boolean {
  return WORST_FIRST.indexOf(now.severity) < WORST_FIRST.indexOf(told.severity);
}

/** What shows no date of its own began when it was first seen. */
function withEarlierSince(finding: Finding, { finding: told }: OpenFinding): Finding {
  return told.since < finding.since ? { ...finding, since: told.since } : finding;
}
