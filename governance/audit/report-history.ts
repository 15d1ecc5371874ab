import type { KeyEvents } from '../keys/key-events.aws.js';
import { DAY_MS, MINUTE_MS } from '../platform/utc-day.js';
import { lastManifest } from './chain/append-manifest.js';
import type { EvidenceStore } from './evidence-store.aws.js';
import type { Problems } from './problems.js';
import type { ReportedHistory } from './report/audit-report.js';
import { type ReportedEvent, reportedEvent } from './report/report-events.js';

/** An event is stored a little after its time: one of this long before a report is in the next. */
const LAG_MS = 15 * MINUTE_MS;
const FIRST_DAYS = 31;
const MOST_DAYS = 400;
const MOST_EVENTS = 1000;

/** What happened to keys since the last report, or in the last month where there is none. */
export async function readHistory(
  { evidence, keyEvents }: { readonly evidence: EvidenceStore; readonly keyEvents: KeyEvents },
  at: Date,
  problems: Pick<Problems, 'attempt'>,
): Promise<ReportedHistory> {
  const untilMs = at.getTime() - LAG_MS;
  const events: ReportedEvent[] = [];
  let leftOut = 0;
  let fromMs = untilMs - FIRST_DAYS * DAY_MS;
  const isKnown = await problems.attempt(
    'rotations and revocations since the last report could not be read',
    async () => {
      const last = await lastManifest(evidence);
      if (last?.manifest) fromMs = Date.parse(last.manifest.auditedAt) - LAG_MS;
      fromMs = Math.max(fromMs, untilMs - MOST_DAYS * DAY_MS);
      for await (const event of keyEvents.between(new Date(fromMs), new Date(untilMs))) {
        const reported = reportedEvent(event);
        if (reported && events.length < MOST_EVENTS) events.push(reported);
        else if (reported) leftOut += 1;
      }
      return true;
    },
  );
  return {
    from: new Date(fromMs).toISOString(),
    until: new Date(untilMs).toISOString(),
    events,
    leftOut,
    isKnown: isKnown ?? false,
  };
}
