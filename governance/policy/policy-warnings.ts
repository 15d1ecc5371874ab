import { utcDay } from '../platform/utc-day.js';
import { wildcardMatcher } from '../platform/wildcard.js';
import { countText, quoted } from '../platform/wording.js';
import { agentWarnings } from './agent-rules.js';
import { callerWarnings, readerWarnings } from './caller-warnings.js';
import { exampleWarnings } from './example-warnings.js';
import { limitWarnings, overflowWarnings } from './limit-warnings.js';
import type { Policy } from './policy.js';
import { rotationTimeWarnings } from './rotation-time-rules.js';
import { scheduleWarnings } from './schedule-warnings.js';
import { alertWarnings, modelWarnings, useWarnings } from './use-warnings.js';
import type { PolicyWarning, Warnings } from './warning.js';

/** Of which nothing is said any more, for a reason. */
export interface AcceptedWarning extends PolicyWarning {
  readonly reason: string;
}

export interface PolicyWarnings {
  /** What is the same in several places is there once, for the first of them. */
  readonly open: readonly PolicyWarning[];
  readonly accepted: readonly AcceptedWarning[];
}

/** What is probably not what the author of a valid policy wants. */
export function policyWarnings(policy: Policy, now: Date): PolicyWarnings {
  const found = [
    ...callerWarnings(policy),
    ...readerWarnings(policy),
    ...useWarnings(policy),
    ...modelWarnings(policy),
    ...agentWarnings(policy),
    ...limitWarnings(policy),
    ...overflowWarnings(policy),
    ...alertWarnings(policy),
    ...exampleWarnings(policy),
    ...scheduleWarnings(policy, now),
    ...rotationTimeWarnings(policy, now),
    ...acceptedFindings(policy, now),
  ];
  const entries = policy.acceptedWarnings.map((entry) => ({
    ...entry,
    matches: wildcardMatcher(entry.subject),
    isUsed: false,
  }));
  const open: PolicyWarning[] = [];
  const accepted: AcceptedWarning[] = [];
  for (const warning of merged(found)) {
    const fitting = entries.filter(
      ({ id, matches }) => id === warning.id && matches(warning.subject),
    );
    for (const entry of fitting) entry.isUsed = true;
    const [first] = fitting;
    if (first === undefined) open.push(warning);
    else accepted.push({ ...warning, reason: first.reason });
  }
  for (const [index, { id, subject, isUsed }] of entries.entries()) {
    if (isUsed) continue;
    const message = `accepts nothing: there is no ${id} warning about ${quoted(subject)}; remove it`;
    open.push({ id: 'accepted-nothing', subject, path: ['acceptedWarnings', index], message });
  }
  return { open, accepted };
}

function merged(warnings: readonly PolicyWarning[]): readonly PolicyWarning[] {
  const groups = new Map<string, PolicyWarning[]>();
  for (const warning of warnings) {
    const key = JSON.stringify([warning.id, warning.subject, warning.message]);
    const group = groups.get(key);
    if (group) group.push(warning);
    else groups.set(key, [warning]);
  }
  return [...groups.values()].map(([first, ...others]) => {
    const warning = first as PolicyWarning;
    if (others.length === 0) return warning;
    const more = ` (also in ${countText(others.length, 'other place')})`;
    return { ...warning, message: `${warning.message}${more}` };
  });
}

/** Entries of `audit.accepted` that accept nothing any more, or also what is not there yet. */
export function* acceptedFindings({ audit }: Pick<Policy, 'audit'>, now: Date): Warnings {
  for (const [index, { type, subject, until }] of audit.accepted.entries()) {
    const path = ['audit', 'accepted', index];
    const about = [subject].flat();
    const warning = { id: 'accepted-finding', subject: about.join(', ') } as const;
    if (until < utcDay(now)) {
      const message = `${until} is over, so nothing is accepted: take the entry out`;
      yield { ...warning, path: [...path, 'until'], message };
    } else if (about.some((one) => /^\*+$/.test(one))) {
      const message = `"*" accepts every ${type} finding until ${until}, also of what does not exist yet: name subjects or ids`;
      yield { ...warning, path: [...path, 'subject'], message };
    }
  }
}
