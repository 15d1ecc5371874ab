import { expect, test } from 'vitest';
import {
  type DeletionFacts,
  judgeDeletion,
  type OldKeyAnswer,
} from '../../lambdas/domain/operator-retirement.js';

const facts = (change: Partial<DeletionFacts> = {}): DeletionFacts => ({
  now: new Date('2026-04-03T01:00:00Z'),
  current: 'newer',
  inChargeAccepted: true,
  oldKey: 'accepted',
  ...change,
});
const tomorrow = '2026-04-04T01:00:00.000Z';

test.each<OldKeyAnswer>(['accepted', 'forbidden'])(
  'the deletion of an old key that is %s is asked for again every day',
  (oldKey) => {
    const verdict = judgeDeletion(facts({ oldKey }));
    expect(verdict).toEqual({ kind: 'deletion-needed', checkAt: tomorrow });
  },
);

test('an old key refused while the one in charge is accepted is gone', () => {
  expect(judgeDeletion(facts({ oldKey: 'refused' }))).toEqual({ kind: 'deleted' });
});

test.each<OldKeyAnswer>(['accepted', 'forbidden', 'refused', 'not stored'])(
  'nothing is concluded from an old key that is %s while the one in charge is refused',
  (oldKey) => {
    const verdict = judgeDeletion(facts({ oldKey, inChargeAccepted: false }));
    expect(verdict).toEqual({ kind: 'in-charge-refused', checkAt: tomorrow, oldKey });
  },
);

test('an old key that Secrets Manager has dropped cannot be tried', () => {
  expect(judgeDeletion(facts({ oldKey: 'not stored' }))).toEqual({ kind: 'not-checkable' });
});

test('an old key that is in charge again is kept', () => {
  expect(judgeDeletion(facts({ current: 'old', oldKey: 'refused' }))).toEqual({ kind: 'keep' });
});
