import { dayCheck } from '../retirement.js';

/** How Mistral answers the old key; `not stored` where Secrets Manager has dropped its version. */
export type OldKeyAnswer = 'accepted' | 'forbidden' | 'rejected' | 'not stored';

/** What can be known of an old key in operator mode: how Mistral answers it and another one. */
export interface DeletionFacts {
  readonly now: Date;
  /** The secret of the policy whose current key the old one is, or may become. */
  readonly heldBy: string | undefined;
  readonly oldKey: OldKeyAnswer;
  /** Whether the policy has the secret. Then the witness is its current key. */
  readonly isPlanned: boolean;
  /** Of the secret, where the policy has it. */
  readonly currentVersion?: string | undefined;
  /** The key that the old one is compared with; `undefined` where the policy has no other. */
  readonly witness: { readonly secretName: string; readonly accepted: boolean } | undefined;
}

/** Each verdict is named as the event that notifies on-call of it. */
export type DeletionVerdict =
  | {
      readonly kind: 'deletion-needed';
      readonly checkAt: string;
      readonly oldKey: OldKeyAnswer;
    }
  | {
      readonly kind: 'current-key-rejected';
      readonly checkAt: string;
      readonly oldKey: OldKeyAnswer;
      readonly currentVersion?: string | undefined;
    }
  | { readonly kind: 'deleted'; readonly witness: string }
  | { readonly kind: 'not-verified'; readonly oldKey: OldKeyAnswer }
  | { readonly kind: 'kept'; readonly heldBy: string };

/**
 * Decides what to do about a key that only an operator can delete. A rejection proves it deleted only
 * while another key is accepted: Mistral answers the same to every key of a suspended workspace.
 */
export function judgeDeletion(facts: DeletionFacts): DeletionVerdict {
  const { now, heldBy, oldKey, isPlanned, witness, currentVersion } = facts;
  const checkAt = dayCheck(now, 1);
  if (heldBy !== undefined) return { kind: 'kept', heldBy };
  if (isPlanned && !witness?.accepted) {
    return { kind: 'current-key-rejected', checkAt, oldKey, currentVersion };
  }
  if (oldKey === 'not stored') return { kind: 'not-verified', oldKey };
  if (oldKey !== 'rejected') return { kind: 'deletion-needed', checkAt, oldKey };
  if (!witness) return { kind: 'not-verified', oldKey };
  if (!witness.accepted) return { kind: 'deletion-needed', checkAt, oldKey };
  return { kind: 'deleted', witness: witness.secretName };
}
