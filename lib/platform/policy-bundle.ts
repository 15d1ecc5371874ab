import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../governance/policy/policy.js';

/** The validated policy as a file that every function carries beside its code. */
export class PolicyBundle {
  /** Differs where the policy does: a changed policy is a changed function. */
  readonly fingerprint: string;

  private readonly text: string;

  constructor(readonly content: Policy) {
    this.text = JSON.stringify(content);
    this.fingerprint = createHash('sha256').update(this.text).digest('hex');
  }

  putInto(folder: string): void {
    writeFileSync(join(folder, 'policy.json'), this.text);
  }
}
