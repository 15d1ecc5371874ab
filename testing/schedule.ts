import { Cron } from 'croner';

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** When EventBridge Scheduler would next start a job: `cron(…)` in its time zone, or `rate(…)`. */
export function nextRun(expression: string, timezone: string, after: Date): Date {
  const [, kind, inner = ''] = /^(cron|rate)\((.+)\)$/.exec(expression) ?? [];
  if (kind === 'rate') {
    const [count, unit = ''] = inner.split(' ');
    const unitMs = UNIT_MS[unit.replace(/s$/, '')];
    if (unitMs === undefined) throw new Error(`schedule ${expression} has no known unit`);
    return new Date(after.getTime() + Number(count) * unitMs);
  }
  // AWS's six fields begin with the minute, the library's seven with the second.
  const next = new Cron(`0 ${inner}`, { timezone }).nextRun(after);
  if (!next) throw new Error(`schedule ${expression} never runs after ${after.toISOString()}`);
  return next;
}
