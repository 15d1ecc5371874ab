import { type AlertSection, compareSeverity } from '../alerts/alert.js';
import { countText } from '../platform/wording.js';
import { type Block, blocksOf, openBlock } from './digest-blocks.js';
import { type Finding, groupOf } from './finding.js';
import {
  addTo,
  idsOf,
  NOT_KNOWN,
  type UnmanagedKey,
  type UnmanagedKeys,
  worstKeys,
} from './unmanaged-keys.js';

/** What a person reads one by one: a digest of more has counts and the worst of them. */
const MOST_READ = 25;
const WORST = 10; // the headings say so

/** Findings that are open, apart by whether unmanaged keys have them. */
export interface OpenFindings {
  readonly ofKeys: readonly Finding[];
  /** Of secrets, models, workspaces, the organization, and of keys that a rotation created. */
  readonly others: readonly Block[];
}

export function apart(findings: readonly Finding[], unmanaged: UnmanagedKeys): OpenFindings {
  const keyIds = new Set(unmanaged.listed.map(({ key }) => key.id));
  const isOfKeys = (finding: Finding) =>
    finding.evidence.secret === undefined &&
    (keyIds.has(finding.evidence.keyId ?? '') || unmanaged.areAllOf(finding));
  return {
    ofKeys: findings.filter(isOfKeys),
    others: blocksOf(findings.filter((finding) => !isOfKeys(finding))),
  };
}

/** Whether there are more than a person reads one by one. */
export function areMany({ others }: OpenFindings, unmanaged: UnmanagedKeys): boolean {
  return others.length + unmanaged.count > MOST_READ;
}

/** Counts by workspace and owner, and the worst of what is new and of what is not. */
export function manySections(
  { others }: OpenFindings,
  unmanaged: UnmanagedKeys,
  newIds: ReadonlySet<string>,
): readonly AlertSection[] {
  const isNewKey = (key: UnmanagedKey) => idsOf(key).some((id) => newIds.has(id));
  const isNewFinding = (finding: Finding) => newIds.has(finding.id);
  const isNewOfKey = (finding: Finding) => isNewFinding(finding) || newIds.has(groupOf(finding));
  const beyond = unmanaged.count - unmanaged.listed.length;

  function worst(heading: string, isMeant: (isNew: boolean) => boolean, more = 0): AlertSection {
    const blocks = others.filter((block) => isMeant(block.some(isNewFinding)));
    const keys = unmanaged.listed.filter((key) => isMeant(isNewKey(key)));
    const all = blocks.length + keys.length + more;
    const shown = [...blocks, ...worstKeys(keys, WORST).map(unmanaged.findingsOf)]
      .sort(worstFirst)
      .slice(0, WORST)
      .map((block) => openBlock(block, blocks.includes(block) ? isNewFinding : isNewOfKey));
    if (all <= WORST) return { heading, blocks: shown };
    return { heading: `${heading}: the ten worst`, blocks: shown, more: all - shown.length };
  }

  const fresh = worst('New', (isNew) => isNew);
  const known = worst('Still open', (isNew) => !isNew, beyond);
  const workspaces = unmanaged.byWorkspace();
  const owners = unmanaged.byOwner();
  for (const [{ workspace, evidence }] of others) {
    addTo(workspaces, workspace);
    addTo(owners, evidence.team ?? evidence.createdBy ?? NOT_KNOWN);
  }
  const counts = [
    countsSection('Keys and secrets with findings, by workspace', workspaces),
    countsSection('By owner', owners),
  ];
  // A few new ones are the news; of many, where they are says more than any of them.
  return fresh.more === undefined ? [fresh, ...counts, known] : [...counts, fresh, known];
}

function worstFirst(one: Block, other: Block): number {
  return (
    compareSeverity(one[0].severity, other[0].severity) ||
    other.length - one.length ||
    one[0].since.localeCompare(other[0].since)
  );
}

function countsSection(heading: string, counts: ReadonlyMap<string, number>): AlertSection {
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const more = sorted.length - WORST;
  return {
    heading,
    blocks: sorted.slice(0, WORST).map(([name, count]) => ({
      title: `${name}: ${countText(count, 'key or secret', 'keys and secrets')}`,
      lines: [],
      data: { name, count },
    })),
    ...(more > 0 && { more }),
  };
}
