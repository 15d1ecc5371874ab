import type { Style } from '../terminal/style.js';
import type { Revoked } from './rotate-key.js';

const NEXT: Readonly<Record<Exclude<Revoked['end'], 'revoked'>, string>> = {
  failed: 'not revoked, since the flow failed; see governance-retirement-failed in the runbook',
  'still running': 'not revoked yet; the flow goes on, and keys list shows its state',
  'not found':
    'its retirement is not found; run keys approve in a minute, and where that finds none, delete the key in the console of Mistral',
};

/** How old keys ended, a line each. */
export function revokedText(revoked: readonly Revoked[], style: Style): string {
  return revoked
    .map(({ keyId, end }) => {
      const key = keyId === undefined ? 'the old key' : `old key ${keyId}`;
      return end === 'revoked'
        ? `${style.paint('✓', 'good')} ${key}: revoked\n`
        : `${style.paint('✗', 'bad')} ${key}: ${NEXT[end]}\n`;
    })
    .join('');
}
