import { type Alert, type NextStep, type Severity, WORST_FIRST } from '../alerts/alert.js';
import type { Finding } from './finding.js';

export interface AuditDigest {
  readonly opened: readonly Finding[];
  readonly reminded: readonly Finding[];
  readonly resolved: readonly Finding[];
  readonly at: Date;
  /** How many hold after this audit. */
  readonly openTotal: number;
  /** Where the page of this night's evidence is; `undefined` where it could not be kept. */
  readonly evidence: string | undefined;
  /** What could not be found out, in plain words. */
  readonly problems: readonly string[];
}

const SHOWN = 25;

/** The night's one message: what is new, what still holds, what is settled, worst first. */
export function auditDigest(digest: AuditDigest): Alert {
  const { opened, reminded, resolved, at, evidence, problems } = digest;
  const open = [...opened, ...reminded].sort(worstFirst);
  const severity = problems.length > 0 ? worse(worst(open), 'warning') : worst(open);
  const workspaces = new Set([...open, ...resolved].map(({ workspace }) => workspace));
  const [workspace] = workspaces;
  return {
    type: 'audit-digest',
    severity,
    workspace: workspaces.size === 1 && workspace ? workspace : 'organization',
    threadId: 'nightly-audit',
    at,
    title: titleOf(digest),
    description: describe(digest),
    facts: Object.fromEntries([
      ...(evidence === undefined ? [] : [['evidence', evidence]]),
      ...open
        .slice(0, SHOWN)
        .map((finding, index) => line(finding, index + 1, opened.includes(finding))),
      ...beyond('further findings', open),
      ...resolved
        .slice(0, SHOWN)
        .map(({ id, type, subject, since }) => [
          `resolved: ${id}`,
          `${type} ${subject}, since ${since}`,
        ]),
      ...beyond('further resolved', resolved),
      ...problems.map((problem, index) => [`not checked ${index + 1}`, problem]),
    ]),
    nextSteps: [...open.slice(0, SHOWN).map(nextStep), ...lookAt(evidence)],
  };
}

function titleOf({ opened, reminded, resolved, openTotal, evidence }: AuditDigest): string {
  const news = opened.length + resolved.length;
  if (evidence === undefined && news + reminded.length === 0) {
    return `Key audit: evidence could not be kept, ${openTotal} open`;
  }
  return news === 0
    ? `Key audit: ${counted(reminded.length, 'reminder')}, ${openTotal} open`
    : `Key audit: ${counted(opened.length, 'new finding')}, ${resolved.length} resolved, ${openTotal} open`;
}

function describe({ opened, reminded, resolved, problems }: AuditDigest): string {
  return [
    `Tonight's audit of all Mistral keys opened ${counted(opened.length, 'finding')}, reminds of ${reminded.length} and saw ${resolved.length} resolved.`,
    'Each is listed below with what shows it, the worst first; what to do about one is told in the same order.',
    problems.length > 0 &&
      'The audit was not complete: what it could not check is neither reported nor taken as resolved.',
  ]
    .filter(Boolean)
    .join(' ');
}

/** Numbered like the steps below, since two keys may have one name. */
function line(finding: Finding, position: number, isNew: boolean): [string, string] {
  const evidence = Object.entries(finding.evidence).map(([name, value]) => `${name}: ${value}`);
  const head = `${finding.severity}, ${isNew ? 'new' : 'still open'}, ${finding.workspace}, since ${finding.since}`;
  return [`${position}. ${finding.type} ${finding.subject}`, [head, ...evidence].join('; ')];
}

function beyond(name: string, items: readonly unknown[]): [string, string][] {
  return items.length > SHOWN ? [[name, String(items.length - SHOWN)]] : [];
}

function nextStep({ type, subject, nextCommand }: Finding): NextStep {
  return { say: `${type}, ${subject}`, command: nextCommand };
}

/** The whole night, for who wants to see more than what changed. */
function lookAt(evidence: string | undefined): NextStep[] {
  if (evidence === undefined) return [];
  const say = 'All keys with owner, age, use and findings, as a page to open in a browser';
  return [{ say, command: `aws s3 cp ${evidence} .` }];
}

function worstFirst(one: Finding, other: Finding): number {
  return (
    WORST_FIRST.indexOf(one.severity) - WORST_FIRST.indexOf(other.severity) ||
    one.type.localeCompare(other.type) ||
    other.since.localeCompare(one.since)
  );
}

function worst(sorted: readonly Finding[]): Severity {
  return sorted[0]?.severity ?? 'info';
}

function worse(one: Severity, other: Severity): Severity {
  return WORST_FIRST.indexOf(one) <= WORST_FIRST.indexOf(other) ? one : other;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
