import { DAY_MS, HOUR_MS, type IsoDate, startOfDay, utcDay } from '../../platform/utc-day.js';
import { listText } from '../../platform/wording.js';
import { parseSchedule } from '../../policy/schedule.js';
import { nextRun } from '../../policy/schedule-times.js';
import type { EvidenceArchive } from '../evidence-store.aws.js';
import type { ChainLink } from './append-manifest.js';
import {
  type ChainFindings,
  type ChainProblem,
  type ChainQuery,
  createChainFindings,
  isWithin,
  type Link,
  type Nights,
} from './chain-report.js';
import { readChain } from './read-chain.js';
import { type VerifiedFiles, verifyFiles } from './verify-files.js';

export interface ChainReport extends Nights, VerifiedFiles {
  readonly manifests: number;
  /** The last manifest. Noted elsewhere, it proves later that nothing up to it was replaced. */
  readonly head: (ChainLink & Pick<Link['manifest'], 'auditedAt'>) | null;
  readonly problems: readonly ChainProblem[];
  /** What looks like a problem and has an explanation. */
  readonly notes: readonly string[];
}

/** Verifies all manifests against each other, and the files of some nights against their manifests. */
export async function verifyChain(
  archive: EvidenceArchive,
  query: ChainQuery,
): Promise<ChainReport> {
  const { now } = query;
  const findings = createChainFindings();
  const links = await readChain(archive, query, findings);
  const start = links[0]?.manifest.auditedOn;
  const to = query.to ?? utcDay(now);
  const nights = { from: query.from ?? start ?? to, to };
  if (start !== undefined && nights.from < start) {
    findings.note(`the chain begins on ${start}: there is no manifest of a night before that`);
  }
  const verified = await verifyFiles(archive, links, nights, now, findings);
  reportGaps(links, nights, now, findings);
  const last = links.at(-1);
  return {
    ...nights,
    manifests: links.length,
    ...verified,
    head: last
      ? { number: last.number, sha256: last.sha256, auditedAt: last.manifest.auditedAt }
      : null,
    problems: findings.problems,
    notes: findings.notes,
  };
}

/** How late an audit may begin, with the retries of Scheduler and Lambda. */
const LATE_MS = 6 * HOUR_MS;
const MOST_DAYS = 5;

/** Nights on which an audit was due and no manifest is there, by the schedule of the audit before. */
function reportGaps(
  links: readonly Link[],
  nights: Nights,
  now: Date,
  findings: ChainFindings,
): void {
  const audited = new Set(links.map(({ manifest }) => manifest.auditedOn));
  const endMs = Math.min(startOfDay(nights.to).getTime() + DAY_MS + LATE_MS, now.getTime());
  for (const [at, link] of links.entries()) {
    const next = links[at + 1];
    if (next && next.number !== link.number + 1) continue; // the manifests between them are missing
    const untilMs = next ? Date.parse(next.manifest.auditedAt) : endMs;
    const days = dueDays(link, untilMs).filter((day) => isWithin(day, nights) && !audited.has(day));
    const ended = next?.manifest.unfinished ?? [];
    const failed = days.filter((day) => ended.some((folder) => folder.includes(`/${day}/`)));
    for (const day of failed) findings.note(`${day}: the audit ended before its manifest`);
    const missed = days.filter((day) => !failed.includes(day));
    const [first] = missed;
    if (first === undefined) continue;
    const text = `no audit stored a manifest on ${listText(missed, MOST_DAYS)}, although ${link.manifest.schedule} (${link.manifest.timezone}) has one`;
    findings.problem('gap', first, text);
  }
}

/** The days on which the schedule has an audit between this one and another. */
function dueDays({ manifest }: Link, untilMs: number): IsoDate[] {
  const schedule = parseSchedule(manifest.schedule);
  if (!('kind' in schedule)) return [];
  const days: IsoDate[] = [];
  let after = new Date(manifest.auditedAt);
  for (;;) {
    const due = nextRun(schedule, manifest.timezone, after);
    if (due === undefined || due.getTime() > untilMs - LATE_MS) return days;
    const day = utcDay(due);
    days.push(day);
    after = new Date(Math.max(due.getTime(), startOfDay(day).getTime() + DAY_MS - 1));
  }
}
