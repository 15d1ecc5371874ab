import type { PolicyInput } from '../governance/policy/policy.js';

export interface MistralGovernanceProps {
  /** From `loadPolicy`, or written in code; a wrong one throws naming all of its problems. */
  readonly policy: PolicyInput;

  /**
   * Whether deleting the stack also deletes its secrets, records and encryption key.
   *
   * @default false: they are kept
   */
  readonly ephemeral?: boolean;

  /**
   * Whether secrets that an earlier stack has left are used again, with their keys. Once chosen, it stays: the stack
   * does not own its secrets then.
   *
   * @default false: a deploy fails where a secret of the name is there
   */
  readonly adoptSecrets?: boolean;

  /** What alerts call this one of several environments. @default the name of its stage, if it is in one */
  readonly environment?: string;
}
