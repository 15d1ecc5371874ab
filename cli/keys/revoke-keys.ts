import { type Style, verdictLine } from '../terminal/style.js';
import type { RetirementEnd, RetirementFlows, RunningRetirement } from './retirement-flows.js';

export interface RevokeDeps {
  readonly flows: RetirementFlows;
  readonly now: () => Date;
  /** Prints a step that is done. */
  readonly report: (line: string) => void;
}

/** How the revocation of a replaced key ended. */
export interface Revoked {
  /** Unknown where the retirement of the key was not found. */
  readonly keyId: string | undefined;
  readonly end: RetirementEnd | 'not found';
}

/** One after the other: they are few, and each is a decision of the user. */
export async function revokeAll(
  { flows, now, report }: RevokeDeps,
  retirements: readonly RunningRetirement[],
): Promise<readonly Revoked[]> {
  const revoked: Revoked[] = [];
  for (const waiting of retirements) {
    const keyId = waiting.retirement.oldKeyId;
    const end = await flows.revokeAtOnce(waiting, now());
    report(`replaced key ${keyId}: ${end}`);
    revoked.push({ keyId, end });
  }
  return revoked;
}

export function areRevoked(revoked: readonly Revoked[]): boolean {
  return revoked.every(({ end }) => end === 'revoked');
}

const TEXTS: Readonly<Record<Revoked['end'], string>> = {
  revoked: 'revoked',
  failed:
    'not revoked, because its retirement flow failed; see governance-retirement-failed in the runbook',
  'still running':
    'not revoked yet; its retirement flow continues, and keys list shows the state of the key',
  'not found':
    "its retirement flow was not found; run keys approve in a minute, and if that finds none either, delete the key in Mistral's console",
};

/** One line for each replaced key. */
export function revokedText(revoked: readonly Revoked[], style: Style): string {
  return revoked
    .map(({ keyId, end }) => {
      const key = keyId === undefined ? 'the replaced key' : `replaced key ${keyId}`;
      return verdictLine(end === 'revoked', `${key}: ${TEXTS[end]}`, style);
    })
    .join('');
}
