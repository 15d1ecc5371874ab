import { DAY_MS } from '../platform/utc-day.js';
import { countText, durationText, quoted } from '../platform/wording.js';
import { expireAfterDays, plannedKeys } from './planned-keys.js';
import type { Policy } from './policy.js';
import type { PolicyProblem } from './policy-problem.js';
import { rotationTimes } from './rotation-times.js';
import type { Warnings } from './warning.js';

/** Held rotations are resumed once an hour. */
const SHORTEST_MINUTES = 60;
/** So that one that fails is tried again twice before the window closes. */
const WIDE_ENOUGH_MINUTES = 180;
const LONGEST_FREEZE_DAYS = 366;

/** Windows and freezes in which a key could never change. */
export function* rotationTimeChecks({ rotation }: Policy): Generator<PolicyProblem> {
  const { window, freeze, timezone } = rotation;
  const minutes = window && minutesOf(window);
  if (window && minutes !== undefined && minutes < SHORTEST_MINUTES) {
    const opens =
      minutes === 0 ? 'never opens' : `is open for ${countText(minutes, 'minute')} only`;
    const message = `${quoted(window.from)} to ${quoted(window.to)} ${opens}: must be an hour at least, as held rotations are resumed once an hour`;
    yield { path: ['rotation', 'window', 'to'], message };
  }
  for (const [index, entry] of freeze.entries()) {
    const path = ['rotation', 'freeze', index, 'to'];
    const { days } = lengthOf(entry, timezone);
    if (days <= 0) {
      const message = `${quoted(entry.to)} is not after ${quoted(entry.from)}: must be later`;
      yield { path, message };
    } else if (days > LONGEST_FREEZE_DAYS) {
      const message = `${quoted(entry.to)} is ${countText(Math.floor(days), 'day')} after ${quoted(entry.from)}, and keys would never change: must be a year later at most`;
      yield { path, message };
    }
  }
}

/** Times that are allowed and too short, too long, or over. */
export function* rotationTimeWarnings(policy: Policy, now: Date): Warnings {
  const { window, freeze, timezone } = policy.rotation;
  const id = 'rotation-times';
  const minutes = window && minutesOf(window);
  if (minutes !== undefined && minutes < WIDE_ENOUGH_MINUTES) {
    const message = `is open for ${durationText(minutes * 60_000)}, and held rotations are resumed once an hour: one that fails may not be tried again before it closes; make it three hours at least`;
    yield { id, subject: 'rotation.window', path: ['rotation', 'window'], message };
  }
  const margins = plannedKeys(policy).map(
    ({ key }) => expireAfterDays(policy.rotation, key) - key.rotateEveryDays,
  );
  const margin = Math.min(...margins);
  for (const [index, entry] of freeze.entries()) {
    const { days, endsMs } = lengthOf(entry, timezone);
    const warning = { id, subject: `rotation.freeze ${entry.from}` } as const;
    const path = ['rotation', 'freeze', index];
    if (endsMs <= now.getTime()) {
      yield { ...warning, path, message: `${entry.to} is over: remove it` };
    } else if (days + 1 > margin) {
      const message = `lasts ${countText(Math.ceil(days), 'day')}, and keys expire ${countText(margin, 'day')} after they are due: those that would expire in it are replaced all the same; shorten it, or raise rotation.expireAfterDays`;
      yield { ...warning, path, message };
    }
  }
}

function lengthOf(entry: Policy['rotation']['freeze'][number], timezone: string) {
  const { freezes } = rotationTimes({ timezone, window: undefined, freeze: [entry] });
  const { startsMs = 0, endsMs = 0 } = freezes[0] ?? {};
  return { days: (endsMs - startsMs) / DAY_MS, endsMs };
}

function minutesOf({ from, to }: { readonly from: string; readonly to: string }): number {
  const [start = 0, end = 0] = [from, to].map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return hours * 60 + minutes;
  });
  return end >= start ? end - start : end - start + DAY_MS / 60_000;
}
