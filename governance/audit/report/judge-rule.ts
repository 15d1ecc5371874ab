import { countText, numberText } from '../../platform/wording.js';
import type { FindingType } from '../../policy/finding-types.js';
import type { AcceptedFinding } from '../acceptances.js';
import { ACCEPTANCE_DRIFT, type Coverage } from '../coverage.js';
import { countAll, type Finding } from '../finding.js';
import type { AuditRules } from '../key-hygiene.js';
import type { CheckedKeys, Inventory } from './inventory.js';

/** What an audit has to say of one rule, with its numbers. */
export interface Verdict {
  readonly rule: string;
  readonly outcome: 'met' | 'not met' | 'not checked';
  readonly text: string;
}

export interface VerdictFacts {
  readonly coverage: Coverage;
  readonly rules: AuditRules;
  readonly inventory: Inventory;
  /** Of the policy. */
  readonly secrets: number;
  /** Those that hold, without the accepted ones. */
  readonly findings: readonly Finding[];
  readonly accepted: readonly AcceptedFinding[];
}

export function createJudge({ findings, accepted }: VerdictFacts) {
  const of = <One extends Finding>(all: readonly One[], types: readonly FindingType[]) =>
    all.filter(({ id, type }) => types.includes(type) && !id.includes(`#${ACCEPTANCE_DRIFT}#`));
  const count = (types: readonly FindingType[]) => countAll(of(findings, types));
  return {
    count,
    subjects: (types: readonly FindingType[]) =>
      new Set(of(findings, types).map(({ subject }) => subject)).size,

    verdict(
      rule: string,
      types: readonly FindingType[],
      numbers: string,
      unchecked: string | undefined,
    ): Verdict {
      const found = of(findings, types).length;
      const leave = countAll(of(accepted, types));
      const text = [
        numbers,
        leave > 0 ? `; the policy accepts ${countText(leave, 'exception')}` : '',
        unchecked === undefined ? '' : `. Not checked: ${unchecked}`,
      ].join('');
      const otherwise = unchecked === undefined ? 'met' : 'not checked';
      return { rule, outcome: found > 0 ? 'not met' : otherwise, text };
    },
  };
}

/** An expired key is rejected: it has no other finding, and counts for no other rule. */
export function shareOf(
  { keys, found }: CheckedKeys,
  types: readonly FindingType[],
  thing: string,
): string {
  const of = keys - (types.includes('expired') ? 0 : (found.expired ?? 0));
  const bad = types.reduce((sum, type) => sum + (found[type] ?? 0), 0);
  return share(of - bad, of, thing);
}

export function share(good: number, of: number, thing: string, things?: string): string {
  return `${numberText(good)} of ${countText(of, thing, things)}`;
}

export function notRead(read: Readonly<Record<string, boolean>>): string | undefined {
  const unread = Object.entries(read).flatMap(([what, isRead]) => (isRead ? [] : [what]));
  return unread.length === 0 ? undefined : unread.join(', ');
}
