import { expect, test } from 'vitest';
import { judgeReports } from '../../../governance/spend/judge-reports.js';
import { markSent, NO_ALERTS, type SpendState } from '../../../governance/spend/spend-state.js';

const reasons = new Map([['dev-workspace', 'connection broken']]);
const at = (time: string) => new Date(`2026-11-24T${time}:00Z`);

function run(state: SpendState, now: Date, failing = reasons) {
  const { pending, state: after } = judgeReports(failing, state, 'monitor', now);
  return { sent: pending.length, state: markSent(after, pending, now) };
}

test('a report that cannot be read is an alert after an hour, and once a day from then on', () => {
  let state = NO_ALERTS;
  const sent = ['09:00', '09:45', '10:00', '10:15', '23:45'].map((time) => {
    const after = run(state, at(time));
    state = after.state;
    return after.sent;
  });
  expect(sent).toEqual([0, 0, 1, 0, 0]);
  expect(run(state, new Date('2026-11-25T00:00:00Z')).sent).toBe(1);
});

test('a report that can be read again restarts the hour', () => {
  const failing = run(NO_ALERTS, at('09:00')).state;
  const fine = run(failing, at('09:15'), new Map()).state;
  expect(fine).toEqual(NO_ALERTS);
  expect(run(fine, at('10:30')).sent).toBe(0);
});
