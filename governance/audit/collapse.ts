import { type Finding, groupOf } from './finding.js';
import { GROUP_LIMIT, type KeyTally, type TalliedKey } from './key-tally.js';

const EXAMPLES = 5;

/** A finding, and how many of its kind it stands for. */
export interface CountedFinding {
  readonly finding: Finding;
  readonly count: number;
}

export function countOne(finding: Finding): CountedFinding {
  return { finding, count: 1 };
}

/**
 * The findings of a tally. Of too many to be told by name only as many are built as examples need;
 * the rest is put on its oldest key.
 */
export function countTally(
  { shown, oldest, count }: KeyTally,
  build: (tallied: TalliedKey) => Finding,
): CountedFinding[] {
  const counted: CountedFinding[] = [];
  const examples = new Set<string>();
  for (const tallied of shown) {
    if (count > GROUP_LIMIT && examples.size === EXAMPLES) break;
    const finding = build(tallied);
    counted.push(countOne(finding));
    if (finding.severity !== 'critical') examples.add(finding.subject);
  }
  const more = count - counted.length;
  return oldest && more > 0 ? [...counted, { finding: build(oldest), count: more }] : counted;
}

/**
 * Makes one finding of more than the limit of a type in a workspace. Critical ones stay: each has
 * somebody waiting, and is told by name however many there are.
 */
export function collapse(counted: readonly CountedFinding[]): Finding[] {
  const urgent = counted.filter(({ finding }) => finding.severity === 'critical');
  const groups = new Map<string, CountedFinding[]>();
  for (const one of counted) {
    if (one.finding.severity === 'critical') continue;
    const group = groups.get(groupOf(one.finding));
    if (group) group.push(one);
    else groups.set(groupOf(one.finding), [one]);
  }
  return [...urgent.map(({ finding }) => finding), ...[...groups].flatMap(oneOrAll)];
}

function oneOrAll([id, group]: [string, readonly CountedFinding[]]): Finding[] {
  const count = group.reduce((sum, one) => sum + one.count, 0);
  const findings = group.map(({ finding }) => finding);
  const [first] = findings;
  if (!first || count <= GROUP_LIMIT) return findings;
  const examples = [...new Set(findings.map(({ subject }) => subject))].slice(0, EXAMPLES);
  return [
    {
      ...first,
      id,
      subject: `${count} keys`,
      evidence: { count: String(count), examples: examples.join(', ') },
      since: findings.map(({ since }) => since).sort()[0] ?? first.since,
      nextCommand: `https://console.mistral.ai > API keys: review those of workspace ${first.workspace}`,
    },
  ];
}
