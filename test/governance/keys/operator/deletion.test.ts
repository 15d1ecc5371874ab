import { expect, test } from 'vitest';
import {
  type DeletionFacts,
  judgeDeletion,
  type OldKeyAnswer,
} from '../../../../governance/keys/operator/deletion.js';

const witness = (accepted: boolean) => ({ secretName: 'mistral/dev-workspace/a', accepted });
const facts = (change: Partial<DeletionFacts> = {}): DeletionFacts => ({
  now: new Date('2026-04-03T01:00:00Z'),
  heldBy: undefined,
  isPlanned: true,
  oldKey: 'accepted',
  witness: witness(true),
  ...change,
});
const checkAt = '2026-04-04T01:00:00.000Z';
const needed = (oldKey: OldKeyAnswer) => ({ kind: 'deletion-needed', checkAt, oldKey });

test.each<OldKeyAnswer>(['accepted', 'forbidden'])(
  'the deletion of an old key that is %s is asked for again every day',
  (oldKey) => {
    expect(judgeDeletion(facts({ oldKey }))).toEqual(needed(oldKey));
    const removed = facts({ oldKey, isPlanned: false, witness: undefined });
    expect(judgeDeletion(removed)).toEqual(needed(oldKey));
  },
);

test.each([true, false])('a key refused while another is accepted is gone', (isPlanned) => {
  expect(judgeDeletion(facts({ oldKey: 'refused', isPlanned }))).toEqual({
    kind: 'deleted',
    witness: 'mistral/dev-workspace/a',
  });
});

test.each<OldKeyAnswer>(['accepted', 'forbidden', 'refused', 'not stored'])(
  'nothing is concluded from an old key that is %s while the one in charge is refused',
  (oldKey) => {
    const verdict = judgeDeletion(facts({ oldKey, witness: witness(false) }));
    expect(verdict).toEqual({ kind: 'in-charge-refused', checkAt, oldKey });
  },
);

test('a removed key refused together with every other is looked at again', () => {
  const removed = facts({ oldKey: 'refused', isPlanned: false, witness: witness(false) });
  expect(judgeDeletion(removed)).toEqual(needed('refused'));
});

test('a removed key refused with no other to compare is left to a person', () => {
  const removed = facts({ oldKey: 'refused', isPlanned: false, witness: undefined });
  expect(judgeDeletion(removed)).toEqual({ kind: 'not-checkable', oldKey: 'refused' });
});

test.each([true, false])('a key that Secrets Manager dropped cannot be tried', (isPlanned) => {
  const verdict = judgeDeletion(facts({ oldKey: 'not stored', isPlanned }));
  expect(verdict).toEqual({ kind: 'not-checkable', oldKey: 'not stored' });
});

test('a key that a secret of the policy holds is kept', () => {
  const verdict = judgeDeletion(facts({ heldBy: 'mistral/dev-workspace/b', oldKey: 'refused' }));
  expect(verdict).toEqual({ kind: 'keep', heldBy: 'mistral/dev-workspace/b' });
});
