import type { AlertType } from '../policy/alert-types.js';

export type Severity = 'info' | 'warning' | 'critical';

export const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'info'];

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
  /** What to do now, most urgent first; empty when nothing is. */
  readonly nextSteps: readonly NextStep[];
}

export interface NextStep {
  readonly say: string;
  /** A command that can be pasted as it is. */
  readonly command?: string;
}
