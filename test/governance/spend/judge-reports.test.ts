import { expect, test } from 'vitest';
import { judgeReports } from '../../../governance/spend/judge-reports.js';
import { markTold, NOTHING_TOLD, type SpendState } from '../../../governance/spend/spend-state.js';

const reasons = new Map([['dev-workspace', 'connection broken']]);
const at = (time: string) => new Date(`2026-11-24T${time}:00Z`);

function look(state: SpendState, now: Date, failing = reasons) {
  const judged = judgeReports(failing, state, 'monitor', now);
  const marks = judged.tellings.flatMap((telling) => telling.marks);
  return { told: judged.tellings.length, state: markTold(judged.state, marks, now) };
}

test('a report that cannot be read is told after an hour, and once a day from then on', () => {
  let state = NOTHING_TOLD;
  const told = ['09:00', '09:45', '10:00', '10:15', '23:45'].map((time) => {
    const looked = look(state, at(time));
    state = looked.state;
    return looked.told;
  });
  expect(told).toEqual([0, 0, 1, 0, 0]);
  expect(look(state, new Date('2026-11-25T00:00:00Z')).told).toBe(1);
});

test('a report that can be read again starts the hour anew', () => {
  const failing = look(NOTHING_TOLD, at('09:00')).state;
  const fine = look(failing, at('09:15'), new Map()).state;
  expect(fine).toEqual(NOTHING_TOLD);
  expect(look(fine, at('10:30')).told).toBe(0);
});
