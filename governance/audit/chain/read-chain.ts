import { collect } from '../../platform/collect.js';
import { mapBounded } from '../../platform/map-bounded.js';
import { addDays, utcDay } from '../../platform/utc-day.js';
import { longestPauseDays, parseSchedule } from '../../policy/schedule.js';
import type { EvidenceArchive } from '../evidence-store.aws.js';
import type { ChainFindings, ChainQuery, Link } from './chain-report.js';
import {
  MANIFESTS_PREFIX,
  type Manifest,
  manifestNumber,
  manifestPath,
  parseManifest,
  sha256,
} from './manifest.js';

const READ_AT_ONCE = 16;
/** S3 deletes what expired within a day or two. */
const EXPIRY_DAYS = 2;

/** Reads all manifests, and verifies each against the next one. Returns those that are manifests, in order. */
export async function readChain(
  archive: EvidenceArchive,
  { noted, now }: Pick<ChainQuery, 'noted' | 'now'>,
  findings: ChainFindings,
): Promise<readonly Link[]> {
  const files = await collect(archive.list(MANIFESTS_PREFIX));
  const numbers = files.flatMap(({ path }) => {
    const number = manifestNumber(path);
    if (number !== undefined) return [number];
    findings.problem('inserted', path, 'is not where a manifest is stored');
    return [];
  });
  const stored = await mapBounded(numbers, READ_AT_ONCE, async (number) => {
    const bytes = (await archive.read(manifestPath(number))) ?? new Uint8Array();
    return { number, sha256: await sha256(bytes), manifest: parseManifest(bytes) };
  });
  for (const [at, one] of stored.entries()) {
    const before = stored[at - 1];
    judgePlace(one, findings);
    if (before && before.number < one.number - 1) reportHole(before.number, one.number, findings);
    else if (before && isInPlace(before) && isInPlace(one)) judgeLink(before, one, findings);
  }
  const links = stored.filter(isInPlace);
  judgeStart(links, now, findings);
  if (noted !== undefined && !stored.some((one) => one.sha256 === noted)) {
    findings.problem('not-in-chain', noted, 'is the SHA-256 of no manifest of this chain');
  }
  return links;
}

interface StoredManifest extends Omit<Link, 'manifest'> {
  readonly manifest: Manifest | undefined;
}

function isInPlace(stored: StoredManifest): stored is Link {
  return stored.manifest?.number === stored.number;
}

function judgePlace({ number, manifest }: StoredManifest, findings: ChainFindings): void {
  const path = manifestPath(number);
  if (!manifest) findings.problem('changed', path, 'is not a manifest any more');
  else if (manifest.number !== number) {
    const text = `is manifest ${manifest.number}, in the place of another`;
    findings.problem('reordered', path, text);
  } else if (number === 1 && manifest.previous !== null) {
    findings.problem('changed', path, 'is the first manifest, and names one before it');
  }
}

function reportHole(before: number, after: number, findings: ChainFindings): void {
  const first = manifestPath(before + 1);
  const isOne = after === before + 2;
  const text = isOne ? 'is missing' : `and all manifests up to number ${after - 1} are missing`;
  findings.problem('missing', first, text);
}

function judgeLink(before: Link, { number, manifest }: Link, findings: ChainFindings): void {
  if (manifest.previous === before.sha256) return;
  const named = manifest.previous ?? 'none';
  const text = `was changed or replaced: its SHA-256 is ${before.sha256}, and manifest ${number} names ${named}`;
  findings.problem('changed', manifestPath(before.number), text);
}

/** The oldest manifests expire with their nights. */
function judgeStart(links: readonly Link[], now: Date, findings: ChainFindings): void {
  const [first] = links;
  if (!first) findings.problem('missing', MANIFESTS_PREFIX, 'has no manifest of any audit');
  if (!first || first.number === 1) return;
  const { auditedOn, schedule: expression } = first.manifest;
  const schedule = parseSchedule(expression);
  const pauseDays = 'kind' in schedule ? longestPauseDays(schedule) : 1;
  const expiresOn = addDays(auditedOn, retentionDays(links) - pauseDays - EXPIRY_DAYS);
  const gone = first.number === 2 ? 'manifest 1' : `manifests 1 to ${first.number - 1}`;
  if (expiresOn <= utcDay(now)) {
    findings.note(`${gone}: kept for ${retentionDays(links)} days, then deleted with their files`);
  } else {
    const text = `${first.number === 2 ? 'is' : 'and all before it are'} missing`;
    findings.problem('missing', manifestPath(first.number - 1), text);
  }
}

/** The policy that deletes files is always the latest one; a longer retention restores none. */
export function retentionDays(links: readonly Link[]): number {
  return links.reduce(
    (least, { manifest }) => Math.min(least, manifest.retentionDays),
    Number.POSITIVE_INFINITY,
  );
}
