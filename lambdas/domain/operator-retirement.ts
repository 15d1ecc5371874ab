import { dayCheck } from './retirement.js';

/** How Mistral answers the old key; `not stored` where Secrets Manager has dropped its version. */
export type OldKeyAnswer = 'accepted' | 'forbidden' | 'refused' | 'not stored';

/** What can be known of a replaced key without the Admin API: how Mistral answers either key. */
export interface DeletionFacts {
  readonly now: Date;
  /** Whether AWSCURRENT holds the old key again, or one that came after it. */
  readonly current: 'old' | 'newer';
  /** Whether Mistral accepted the key in charge each time, before and after the old one was tried. */
  readonly inChargeAccepted: boolean;
  readonly oldKey: OldKeyAnswer;
}

export type DeletionVerdict =
  | { readonly kind: 'deletion-needed'; readonly checkAt: string }
  | { readonly kind: 'deleted' }
  | {
      readonly kind: 'in-charge-refused';
      readonly checkAt: string;
      readonly oldKey: OldKeyAnswer;
    }
  | { readonly kind: 'not-checkable' }
  | { readonly kind: 'keep' };

/**
 * Decides what becomes of a key that only a person can delete. A refusal proves it gone only while
 * the key in charge is let in: Mistral answers the same to every key of a suspended workspace.
 */
export function judgeDeletion(facts: DeletionFacts): DeletionVerdict {
  const { now, current, inChargeAccepted, oldKey } = facts;
  const checkAt = dayCheck(now, 1);
  if (current === 'old') return { kind: 'keep' };
  if (!inChargeAccepted) return { kind: 'in-charge-refused', checkAt, oldKey };
  if (oldKey === 'refused') return { kind: 'deleted' };
  if (oldKey === 'not stored') return { kind: 'not-checkable' };
  return { kind: 'deletion-needed', checkAt };
}
