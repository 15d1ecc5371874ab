import { groupBy } from '../platform/group-by.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { addDays, type IsoDate, utcDay } from '../platform/utc-day.js';
import { wildcardMatcher } from '../platform/wildcard.js';
import { countText, listText, quoted } from '../platform/wording.js';
import type { FindingType } from '../policy/finding-types.js';
import type { Acceptance } from '../policy/policy.js';
import { ACCEPTANCE_DRIFT, type Coverage, uncheckedTypes } from './coverage.js';
import { type Finding, groupOf } from './finding.js';
import { driftFinding } from './policy-drift.js';

/** A finding that the policy accepts: it is reported, and on-call is not notified of it. */
export interface AcceptedFinding extends Finding {
  readonly reason: string;
  /** The last day in UTC on which it is accepted. */
  readonly until: IsoDate;
}

/** What the policy accepts, and what an audit found of it. */
export interface Acceptances {
  /** Whether a finding with one of these names is accepted; then it is kept apart. `group`: see `groupOf`. */
  take(type: FindingType, names: readonly string[], group: string, build: () => Finding): boolean;
  /** Whether there is an entry for the type: quick, for what is asked of each key. */
  know(type: FindingType): boolean;
  /** Whether an entry accepts findings of one of these names. */
  accepts(type: FindingType, names: readonly string[]): boolean;
  /** The findings that are not accepted. A critical one never is: a service is failing behind it. */
  withoutAccepted(findings: readonly Finding[]): readonly Finding[];
  /** Whether a finding of an earlier audit is accepted by now, or is counted together with such ones. */
  covers(finding: Finding): boolean;
  /** As many as a report lists. */
  readonly accepted: readonly AcceptedFinding[];
  /** How many more are accepted. */
  leftOut(): number;
  /** What people should know of entries that have ended or match nothing; none of what was not checked. */
  unused(coverage: Coverage): readonly Finding[];
}

const MOST_LISTED = 1000;
const EXAMPLES = 3;

interface Pattern {
  readonly entry: Acceptance;
  readonly subject: string;
  readonly matches: (name: string) => boolean;
}

export function createAcceptances(entries: readonly Acceptance[], now: Date): Acceptances {
  const today = utcDay(now);
  const patterns = entries
    .filter(({ until }) => until >= today)
    .flatMap((entry) =>
      subjectsOf(entry).map(
        (subject): Pattern => ({ entry, subject, matches: wildcardMatcher(subject) }),
      ),
    );
  const exact = groupBy(
    patterns.filter(({ subject }) => !subject.includes('*')),
    ({ entry, subject }) => `${entry.type} ${subject}`,
  );
  const wild = groupBy(
    patterns.filter(({ subject }) => subject.includes('*')),
    ({ entry }) => entry.type,
  );
  const types = new Set<FindingType>(patterns.map(({ entry }) => entry.type));
  const used = new Set<Pattern>();
  const groups = new Set<string>();
  const accepted: AcceptedFinding[] = [];
  let leftOut = 0;

  /** Those that name it come first. */
  function matching(type: string, names: readonly string[]): readonly Pattern[] {
    return [
      ...names.flatMap((name) => exact.get(`${type} ${name}`) ?? []),
      ...(wild.get(type as Acceptance['type']) ?? []).filter(({ matches }) => names.some(matches)),
    ];
  }

  function take(
    type: FindingType,
    names: readonly string[],
    group: string,
    build: () => Finding,
  ): boolean {
    const found = matching(type, names);
    const [first] = found;
    if (!first) return false;
    for (const pattern of found) used.add(pattern);
    groups.add(group);
    if (accepted.length >= MOST_LISTED) {
      leftOut += 1;
      return true;
    }
    const finding = build();
    const { reason, until } = first.entry;
    accepted.push({ ...finding, reason, until });
    return true;
  }

  return {
    take,
    know: (type) => types.has(type),
    accepts: (type, names) => matching(type, names).length > 0,
    accepted,
    leftOut: () => leftOut,
    covers: (finding) =>
      finding.severity !== 'critical' &&
      (groups.has(finding.id) || matching(finding.type, namesOf(finding)).length > 0),

    withoutAccepted: (findings) =>
      findings.filter(
        (finding) =>
          finding.severity === 'critical' ||
          !take(finding.type, namesOf(finding), groupOf(finding), () => finding),
      ),

    unused(coverage) {
      const unchecked = uncheckedTypes(coverage);
      const unclear = [...coverage.unclearSecrets];
      return entries.flatMap((entry, index) => {
        if (unchecked.has(entry.type)) return [];
        if (entry.until < today) return [endedAcceptance(entry, index, now)];
        const unmatched = patterns.filter(
          (pattern) =>
            pattern.entry === entry && !used.has(pattern) && !unclear.some(pattern.matches),
        );
        const subjects = unmatched.map(({ subject }) => subject);
        return subjects.length > 0 ? [unmatchedAcceptance(entry, index, subjects, now)] : [];
      });
    },
  };
}

/** By its name, or by the id of the key that it is about. */
function namesOf({ subject, evidence: { keyId } }: Finding): readonly string[] {
  return keyId === undefined ? [subject] : [subject, keyId];
}

function subjectsOf({ subject }: Acceptance): readonly string[] {
  return typeof subject === 'string' ? [subject] : subject;
}

function unmatchedAcceptance(
  entry: Acceptance,
  index: number,
  subjects: readonly string[],
  now: Date,
): Finding {
  const all = subjectsOf(entry).length;
  const which = listText(subjects.map(quoted), EXAMPLES);
  return acceptanceDrift(entry, index, now, {
    summary:
      all === 1
        ? `audit.accepted[${index}] matches no finding: none of type ${entry.type} is about ${which}.`
        : `${countText(subjects.length, 'subject')} of ${all} in audit.accepted[${index}] ${subjects.length === 1 ? 'matches' : 'match'} no finding of type ${entry.type}: ${which}.`,
    nextStep: `Take what matches nothing out of audit.accepted[${index}] in governance.yaml, or correct it, then deploy`,
  });
}

function endedAcceptance(entry: Acceptance, index: number, now: Date): Finding {
  const finding = acceptanceDrift(entry, index, now, {
    summary: `audit.accepted[${index}] ended on ${entry.until}: what it accepted is reported again.`,
    nextStep: `Take audit.accepted[${index}] out of governance.yaml, or give it a later day, then deploy`,
  });
  return { ...finding, since: addDays(entry.until, 1) };
}

function acceptanceDrift(
  entry: Acceptance,
  index: number,
  now: Date,
  text: Pick<Finding, 'summary' | 'nextStep'>,
): Finding {
  const { type, until, reason } = entry;
  const subject = `accepted ${type}: ${listText(subjectsOf(entry), 1)}`;
  const finding = driftFinding('policy-drift', ACCEPTANCE_DRIFT, subject, now, {
    workspace: ORGANIZATION,
    evidence: { entry: `audit.accepted[${index}]`, accepts: type, until, reason },
    ...text,
  });
  return { ...finding, severity: 'info' };
}
