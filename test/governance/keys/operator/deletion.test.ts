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
  'the deletion of an old key that is %s is requested every day',
  (oldKey) => {
    expect(judgeDeletion(facts({ oldKey }))).toEqual(needed(oldKey));
    const removed = facts({ oldKey, isPlanned: false, witness: undefined });
    expect(judgeDeletion(removed)).toEqual(needed(oldKey));
  },
);

test.each([true, false])('a key rejected while another is accepted is deleted', (isPlanned) => {
  expect(judgeDeletion(facts({ oldKey: 'rejected', isPlanned }))).toEqual({
    kind: 'deleted',
    witness: 'mistral/dev-workspace/a',
  });
});

test.each<OldKeyAnswer>(['accepted', 'forbidden', 'rejected', 'not stored'])(
  'nothing is concluded from an old key that is %s while the current key is rejected',
  (oldKey) => {
    const verdict = judgeDeletion(facts({ oldKey, witness: witness(false) }));
    expect(verdict).toEqual({ kind: 'current-key-rejected', checkAt, oldKey });
  },
);

test('a removed key rejected together with every other is checked again', () => {
  const removed = facts({ oldKey: 'rejected', isPlanned: false, witness: witness(false) });
  expect(judgeDeletion(removed)).toEqual(needed('rejected'));
});

test('a removed key rejected with no other key to compare is not verified', () => {
  const removed = facts({ oldKey: 'rejected', isPlanned: false, witness: undefined });
  expect(judgeDeletion(removed)).toEqual({ kind: 'not-verified', oldKey: 'rejected' });
});

test.each([true, false])(
  'a key that Secrets Manager no longer stores is not verified',
  (isPlanned) => {
    const verdict = judgeDeletion(facts({ oldKey: 'not stored', isPlanned }));
    expect(verdict).toEqual({ kind: 'not-verified', oldKey: 'not stored' });
  },
);

test('a key that a secret of the policy holds is kept', () => {
  const verdict = judgeDeletion(facts({ heldBy: 'mistral/dev-workspace/b', oldKey: 'rejected' }));
  expect(verdict).toEqual({ kind: 'kept', heldBy: 'mistral/dev-workspace/b' });
});
