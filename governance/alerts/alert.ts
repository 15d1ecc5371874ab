import type { AlertType } from '../policy/alert-types.js';
import type { Change } from '../policy/event-schemas.js';

export type Severity = 'info' | 'warning' | 'critical';

export const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'info'];

/** Negative where the first is the more severe one. */
export function compareSeverity(one: Severity, other: Severity): number {
  return WORST_FIRST.indexOf(one) - WORST_FIRST.indexOf(other);
}

/** What on-call is notified of, before it is rendered for each protocol. */
export interface Alert {
  readonly type: AlertType;
  readonly severity: Severity;
  /** The workspace concerned; `organization` where it is more than one. */
  readonly workspace: string;
  /** Shared by alerts that belong together: everything about one rotation, all audit digests. */
  readonly threadId: string;
  readonly at: Date;
  /**
   * What happened, to which thing, in under 100 characters of ASCII: it is the e-mail's subject, and
   * alone says whether to get up.
   */
  readonly title: string;
  /** What happened and who is affected now, what the system does next and when, and perhaps why. */
  readonly description: string;
  /** The facts behind it, in the order to read them. Ids and dates only, never a key. */
  readonly facts: Readonly<Record<string, string>>;
  /** Blocks under headings, each with a step of its own: a message about many things at once. */
  readonly sections?: readonly AlertSection[];
  /** The exact values behind the texts, for programs: only machine bodies have them. */
  readonly data?: Readonly<Record<string, string | number | undefined>>;
  /** The change of state that programs hear of on the event bus. @default none: the alert is about no change */
  readonly change?: Change | undefined;
  /** What distinguishes changes of one type in one thread. */
  readonly changeId?: string | number;
  /** What to do now, most urgent first; empty where there is nothing to do. */
  readonly nextSteps: readonly NextStep[];
}

export interface NextStep {
  /** In the imperative, without a full stop. */
  readonly say: string;
  /** Works when it is pasted, on one line. */
  readonly command?: string;
}

export interface AlertSection {
  readonly heading: string;
  /** In the order to read them; a body leaves out those at the end that it has no room for. */
  readonly blocks: readonly AlertBlock[];
  /** How many more there are. @default none */
  readonly more?: number;
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
