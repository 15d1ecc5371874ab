import { dayCheck } from '../retirement.js';

/** How Mistral answers the old key; `not stored` where Secrets Manager has dropped its version. */
export type OldKeyAnswer = 'accepted' | 'forbidden' | 'refused' | 'not stored';

/** A key that the old one is held against, named by its secret, and whether Mistral let it in. */
export interface Witness {
  readonly secretName: string;
  readonly accepted: boolean;
}

/** What can be known of an old key without the Admin API: how Mistral answers it and another one. */
export interface DeletionFacts {
  readonly now: Date;
  /** The secret of the policy that the old key is, or may be, in charge of after all. */
  readonly heldBy: string | undefined;
  readonly oldKey: OldKeyAnswer;
  /** Whether the policy has the secret. Then the witness is the key in charge of it. */
  readonly isPlanned: boolean;
  /** `undefined` where the policy has no other key. */
  readonly witness: Witness | undefined;
}

export type DeletionVerdict =
  | { readonly kind: 'deletion-needed'; readonly checkAt: string; readonly oldKey: OldKeyAnswer }
  | { readonly kind: 'deleted'; readonly witness: string }
  | {
      readonly kind: 'in-charge-refused';
      readonly checkAt: string;
      readonly oldKey: OldKeyAnswer;
    }
  | { readonly kind: 'not-checkable'; readonly oldKey: OldKeyAnswer }
  | { readonly kind: 'keep'; readonly heldBy: string };

/**
 * Decides what becomes of a key that only a person can delete. A refusal proves it gone only while
 * another key is let in: Mistral answers the same to every key of a suspended workspace.
 */
export function judgeDeletion(facts: DeletionFacts): DeletionVerdict {
  const { now, heldBy, oldKey, isPlanned, witness } = facts;
  const checkAt = dayCheck(now, 1);
  if (heldBy !== undefined) return { kind: 'keep', heldBy };
  if (isPlanned && !witness?.accepted) return { kind: 'in-charge-refused', checkAt, oldKey };
  if (oldKey === 'not stored') return { kind: 'not-checkable', oldKey };
  if (oldKey !== 'refused') return { kind: 'deletion-needed', checkAt, oldKey };
  if (!witness) return { kind: 'not-checkable', oldKey };
  if (!witness.accepted) return { kind: 'deletion-needed', checkAt, oldKey };
  return { kind: 'deleted', witness: witness.secretName };
}
