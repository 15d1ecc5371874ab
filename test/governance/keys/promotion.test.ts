import { expect, test } from 'vitest';
import { judgePromotion, lateAfter } from '../../../governance/keys/promotion.js';
import { aPolicy, aSecret } from '../../support/builders.js';

const FRIDAY = new Date('2026-12-04T21:00:00Z');
const MONDAY = new Date('2026-12-07T09:00:00Z');
const rules = (rotation: object) =>
  aPolicy((document) => Object.assign(document.rotation, rotation)).rotation;
const WINDOW = { window: { days: ['mon', 'tue'], from: '09:00', to: '16:00' } };
const FREEZE = { freeze: [{ from: '2026-12-01', to: '2026-12-06', reason: 'sale' }] };
const current = { v1: ['AWSCURRENT'], v2: ['AWSPENDING'] };

test.each([
  ['at any time without rules', {}, current, undefined, false, true],
  ['out of the window', WINDOW, current, undefined, false, false],
  ['a first key', WINDOW, { v2: ['AWSPENDING'] }, undefined, false, true],
  ['a key that has leaked', WINDOW, current, undefined, true, true],
  [
    'one that is to be replaced now',
    WINDOW,
    { v1: ['AWSCURRENT', 'REPLACE_NOW'] },
    undefined,
    false,
    true,
  ],
  [
    'after one that was to be',
    WINDOW,
    { v0: ['REPLACE_NOW'], v1: ['AWSCURRENT'] },
    undefined,
    false,
    false,
  ],
  ['a key that expires before the opening', WINDOW, current, '2026-12-06', false, true],
  ['on the day of the opening', WINDOW, current, '2026-12-07', false, true],
  ['the day after it', WINDOW, current, '2026-12-08', false, true],
  ['two days after it', WINDOW, current, '2026-12-09', false, false],
  ['in a freeze', FREEZE, current, undefined, false, false],
  ['a leaked key in a freeze', FREEZE, current, undefined, true, true],
] as const)('%s', (_name, rotation, stagesByVersion, expiresOn, isCompromised, isPromoted) => {
  const facts = { secret: aSecret(stagesByVersion), expiresOn, isCompromised };
  const { kind } = judgePromotion(facts, rules(rotation), FRIDAY);
  expect(kind).toBe(isPromoted ? 'promote' : 'hold');
});

test('says until when, and why', () => {
  const facts = { secret: aSecret(current), expiresOn: undefined, isCompromised: false };
  expect(judgePromotion(facts, rules(WINDOW), FRIDAY)).toEqual({
    kind: 'hold',
    until: MONDAY,
    reason: 'no key changes until 2026-12-07 09:00 UTC (in 60 hours), when rotation.window opens',
  });
  expect(judgePromotion(facts, rules({ ...WINDOW, ...FREEZE }), FRIDAY)).toMatchObject({
    until: MONDAY,
    reason: expect.stringMatching(/, rotation\.freeze: sale$/),
  });
});

test.each([
  [{}, '2026-12-05T21:00:00Z'],
  [WINDOW, '2026-12-08T09:00:00Z'],
  [FREEZE, '2026-12-08T00:00:00Z'],
])(
  'by %j, what waits since a Friday night is late a day after it could go on',
  (rotation, late) => {
    expect(lateAfter(FRIDAY, rules(rotation))).toEqual(new Date(late));
  },
);
