import type { AlertType } from '../policy/alert-types.js';

export type Severity = 'info' | 'warning' | 'critical';

export const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'info'];

/** Negative where the first is the more severe one. */
export function compareSeverity(one: Severity, other: Severity): number {
  return WORST_FIRST.indexOf(one) - WORST_FIRST.indexOf(other);
}

/** Something on-call should know, before it is worded for one protocol or another. */
export interface Alert {
  readonly type: AlertType;
  readonly severity: Severity;
  /** The workspace concerned; `organization` where it is more than one. */
  readonly workspace: string;
  /** Alerts of one story share it: everything about one rotation, all digests of one audit. */
  readonly threadId: string;
  readonly at: Date;
  /** What happened, in under 100 characters; becomes the e-mail's subject. */
  readonly title: string;
  /** What happened and why it matters, in two or three plain sentences. */
  readonly description: string;
  /** The facts behind it, in the order to read them. Ids and dates only, never a key. */
  readonly facts: Readonly<Record<string, string>>;
  /** Blocks under headings, each with a step of its own: a message about many things at once. */
  readonly sections?: readonly AlertSection[];
  /** What to do now, most urgent first; empty when nothing is. */
  readonly nextSteps: readonly NextStep[];
}

export interface NextStep {
  readonly say: string;
  /** A command that can be pasted as it is. */
  readonly command?: string;
}

export interface AlertSection {
  readonly heading: string;
  /** In the order to read them; a body leaves out those at the end that it has no room for. */
  readonly blocks: readonly AlertBlock[];
}

export interface AlertBlock {
  /** @default none: nothing needs to be done */
  readonly severity?: Severity;
  readonly title: string;
  /** A short sentence each. */
  readonly lines: readonly string[];
  readonly next?: NextStep;
  /** The same in exact values, for the machine body. */
  readonly data: Readonly<Record<string, unknown>>;
}
