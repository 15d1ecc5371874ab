import type { ListedKey } from '../mistral/mistral.js';
import { groupBy } from '../platform/group-by.js';
import type { IsoDate } from '../platform/utc-day.js';
import { countText, listText } from '../platform/wording.js';
import { type Finding, groupOf, KEYS_IN_CONSOLE, nounOf } from './finding.js';

/** How many findings of one type a workspace gets before they become one. */
const GROUP_LIMIT = 50;
const EXAMPLES = 5;

/** The day or instant that something counts from, the same kind for all keys of a tally. */
export type Basis = IsoDate | number;

interface TalliedKey {
  readonly key: ListedKey;
  readonly basis: Basis;
}

/** Keys that are alike: how many, which came first, and no more of them than may be listed. */
export interface KeyTally {
  readonly listed: TalliedKey[];
  oldest: TalliedKey | undefined;
  count: number;
}

export function createKeyTally(): KeyTally {
  return { listed: [], oldest: undefined, count: 0 };
}

export function addToTally(tally: KeyTally, key: ListedKey, basis: Basis): void {
  tally.count += 1;
  const isOldest = !tally.oldest || basis < tally.oldest.basis;
  if (!isOldest && tally.listed.length >= GROUP_LIMIT) return;
  const entry = { key, basis };
  if (isOldest) tally.oldest = entry;
  if (tally.listed.length < GROUP_LIMIT) tally.listed.push(entry);
}

/** A finding, and how many of its kind it stands for. */
export interface CountedFinding {
  readonly finding: Finding;
  readonly count: number;
}

export function countOne(finding: Finding): CountedFinding {
  return { finding, count: 1 };
}

/**
 * The findings of a tally. Of too many to be listed by name only as many are built as examples need;
 * the rest is put on its oldest key.
 */
export function countTally(
  { listed, oldest, count }: KeyTally,
  build: (tallied: TalliedKey) => Finding,
): CountedFinding[] {
  const counted: CountedFinding[] = [];
  const examples = new Set<string>();
  for (const tallied of listed) {
    if (count > GROUP_LIMIT && examples.size === EXAMPLES) break;
    const finding = build(tallied);
    counted.push(countOne(finding));
    if (finding.severity !== 'critical') examples.add(finding.subject);
  }
  const more = count - counted.length;
  return oldest && more > 0 ? [...counted, { finding: build(oldest), count: more }] : counted;
}

/**
 * Makes one finding of more than the limit of a type in a workspace. Critical ones stay, however many
 * there are: behind each of them a service is failing.
 */
export function collapse(counted: readonly CountedFinding[]): Finding[] {
  const isCritical = ({ finding }: CountedFinding) => finding.severity === 'critical';
  const critical = counted.filter(isCritical).map(({ finding }) => finding);
  const others = counted.filter((one) => !isCritical(one));
  return [
    ...critical,
    ...[...groupBy(others, ({ finding }) => groupOf(finding))].flatMap(oneOrAll),
  ];
}

function oneOrAll([id, group]: [
  string,
  readonly [CountedFinding, ...CountedFinding[]],
]): Finding[] {
  const count = group.reduce((sum, one) => sum + one.count, 0);
  const findings = group.map(({ finding }) => finding);
  const first = group[0].finding;
  if (count <= GROUP_LIMIT) return findings;
  const examples = [...new Set(findings.map(({ subject }) => subject))].slice(0, EXAMPLES);
  return [
    {
      ...first,
      id,
      subject: countText(count, 'key'),
      summary: `${countText(count, nounOf(first.type))}, for example ${listText(examples)}.`,
      evidence: { count: String(count), examples: examples.join(', ') },
      since: findings.map(({ since }) => since).sort()[0] ?? first.since,
      nextStep: `Review the API keys of workspace ${first.workspace} in the Mistral console`,
      nextCommand: KEYS_IN_CONSOLE,
    },
  ];
}
