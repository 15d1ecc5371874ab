import { createHash } from 'node:crypto';
import type { Policy } from '../policy/policy.js';

/** A caller in the ledger. A pseudonym is the same on all days, and tells the callers of one workspace apart. */
export function callerName(
  form: Policy['ledger']['callers'],
  principal: string,
  { role, workspaceId }: { readonly role: string; readonly workspaceId: string },
): string {
  if (form !== 'hashed') return form === 'arn' ? principal : `role ${role}`;
  const hash = createHash('sha256').update(`${workspaceId} ${principal}`).digest('hex');
  return `caller ${hash.slice(0, 16)}`;
}
