import type { StateEvent } from '../alerts/state-event.js';
import { ORGANIZATION } from '../platform/metrics.js';
import { type IsoDate, utcDay } from '../platform/utc-day.js';
import type { FindingChanges, OpenFinding } from './reconcile-findings.js';

const DIGESTS = 'nightly-audit';

/** What an audit changed, as its findings are stored: what is open was opened, and not resolved since. */
export function findingEvents(
  { opened, split, raised, resolved, dropped }: FindingChanges,
  at: Date,
): StateEvent[] {
  return [
    ...findingsOpened([...opened, ...split], at),
    // Raised on a day, a finding may be raised again on another.
    ...raised.map((one) => eventOf(one, { type: 'finding-raised' }, utcDay(at), at)),
    ...resolved.map((one) => resolvedEvent(one, 'gone', at)),
    ...dropped.map((one) => resolvedEvent(one, 'accepted-or-grouped', at)),
  ];
}

export function findingsOpened(opened: readonly OpenFinding[], at: Date): StateEvent[] {
  return opened.map((one) => eventOf(one, { type: 'finding-opened' }, one.openedOn, at));
}

export interface WrittenReport {
  readonly report: string;
  readonly findings: number;
  readonly complete: boolean;
}

export function reportWritten({ report, ...counts }: WrittenReport, at: Date): StateEvent {
  return {
    id: `report-written/${report}`,
    at,
    workspace: ORGANIZATION,
    threadId: DIGESTS,
    severity: counts.complete ? 'info' : 'warning',
    summary: `Audit report stored at ${report}`,
    change: { type: 'report-written', report, auditedOn: utcDay(at), ...counts },
  };
}

function resolvedEvent(open: OpenFinding, resolution: Resolution, at: Date): StateEvent {
  const changed = { type: 'finding-resolved', resolution } as const;
  return { ...eventOf(open, changed, open.openedOn, at), severity: 'info' };
}

type Resolution = 'gone' | 'accepted-or-grouped';
type Changed =
  | { readonly type: 'finding-opened' | 'finding-raised' }
  | { readonly type: 'finding-resolved'; readonly resolution: Resolution };

function eventOf(
  { finding, openedOn }: OpenFinding,
  changed: Changed,
  day: IsoDate,
  at: Date,
): StateEvent {
  const { workspace, severity, ...shown } = finding;
  const { id, type, subject, summary } = shown;
  return {
    id: [changed.type, id, day].join('/'),
    at,
    workspace,
    threadId: type === 'key-needed' ? `key-${subject}` : DIGESTS,
    severity,
    summary: `${subject}: ${summary}`,
    change: { ...changed, finding: shown, openedOn },
  };
}
