import { setTimeout } from 'node:timers/promises';
import { DAY_MS } from '../governance/platform/utc-day.js';
import { ClaimError } from './report.js';

export const LATE = Symbol('late');

/** The outcome, or `LATE` once that much time has passed. Timers are monotonic: no clock is set back. */
export async function within<Outcome>(
  limitMs: number,
  outcome: Promise<Outcome>,
): Promise<Outcome | typeof LATE> {
  const stop = new AbortController();
  const late = setTimeout(limitMs, LATE, { signal: stop.signal });
  late.catch(() => {}); // stopped
  try {
    return await Promise.race([outcome, late]);
  } finally {
    stop.abort();
  }
}

/** In which what counts by one UTC day is done, however busy the machine. */
const SAFE_MS = 300_000;

/** Shortly before midnight, waits until it has passed: what follows counts by one UTC day. */
export async function awayFromMidnight(say: (line: string) => void): Promise<void> {
  const left = DAY_MS - (Date.now() % DAY_MS);
  if (left > SAFE_MS) return;
  say(`waits ${Math.ceil(left / 1000)} s until midnight (UTC) has passed`);
  await setTimeout(left + 1000);
}

/**
 * Asks something outside until the answer will do, and returns that answer.
 * @throws ClaimError after so many attempts or so much time, with the answer that it got last
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer>,
  willDo: (answer: Answer) => boolean,
  { attempts = 600, pauseMs = 500, limitMs = 300_000 } = {},
): Promise<Answer> {
  const startedAt = performance.now();
  const left = () => limitMs - (performance.now() - startedAt);
  let seen: unknown = 'no answer';
  let attempt = 0;
  for (; attempt < attempts && left() > 0; attempt += 1) {
    if (attempt > 0) await setTimeout(pauseMs);
    const answer = await within(Math.max(left(), 1), ask());
    if (answer === LATE) break;
    if (willDo(answer)) return answer;
    seen = answer;
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  throw new ClaimError(`${what} within ${attempt} attempts and ${seconds} s`, seen);
}
