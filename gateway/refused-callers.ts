/** Of all callers together, in an hour of one process. */
const MOST_AN_HOUR = 20;
const HOUR_MS = 3_600_000;
const RETRY_MS = 60_000;

/** Reports a refusal; fails where that was not possible. */
export type ReportRefusal = (refusal: RefusedCaller) => Promise<void>;

export interface RefusedCaller {
  readonly callerArn: string;
  /** Of the error that the caller got. */
  readonly code: string;
  /** The role of a session: a caller that is refused opens as many of them as it likes. */
  readonly identity: string;
  /** The start of the hour. */
  readonly hour: Date;
}

/** Reports each caller once an hour, and few of many: a refused request costs its sender nothing. */
export function createRefusedCallers(report: ReportRefusal, now: () => Date) {
  /** Until when each caller is not reported again. */
  const quietUntilMs = new Map<string, number>();
  let hourMs = 0;

  return async (callerArn: string, code: string): Promise<void> => {
    const nowMs = now().getTime();
    const startMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    if (startMs !== hourMs) quietUntilMs.clear();
    hourMs = startMs;
    const identity = callerArn.replace(SESSION, '$1');
    const until = quietUntilMs.get(identity);
    if (until === undefined ? quietUntilMs.size >= MOST_AN_HOUR : nowMs < until) return;
    quietUntilMs.set(identity, startMs + HOUR_MS);
    try {
      await report({ callerArn, code, identity, hour: new Date(startMs) });
    } catch (error) {
      quietUntilMs.set(identity, nowMs + RETRY_MS);
      throw error;
    }
  };
}

const SESSION = /^(arn:[^:]*:sts:[^:]*:[^:]*:assumed-role\/[^/]*)\/.*$/s;
