import type { Alert } from '../../alerts/alert.js';
import type { Change } from '../../policy/event-schemas.js';
import type { Retirement } from '../retirement.js';
import type { Reminding } from './retirement-alert.js';

/** What every event of a retirement names. */
function secretOf({ secretName, secretId }: Retirement) {
  return { secretName, secretArn: secretId };
}

export function retired(retirement: Retirement): Change {
  const { reason, oldKeyId } = retirement;
  return {
    type: 'key-retired',
    ...secretOf(retirement),
    keyId: oldKeyId,
    reason,
    ...(retirement.reason === 'replaced' && { replacedBy: retirement.newKeyId }),
  };
}

export function rolledBackTo(
  retirement: Retirement,
  withdrawnKeyId: string,
  by: 'retirement' | 'hand',
): Change {
  const { oldKeyId: keyId } = retirement;
  return { type: 'key-rolled-back', ...secretOf(retirement), keyId, withdrawnKeyId, by };
}

export function failed(
  retirement: Retirement,
  problem: (Change & { type: 'rotation-failed' })['problem'],
): Change {
  return { type: 'rotation-failed', ...secretOf(retirement), problem };
}

/** A reminder changes nothing. What has no reminders may be sent again, under the same id. */
export function held(
  retirement: Retirement,
  { notified, lastUsedOn }: Reminding & { readonly lastUsedOn?: string },
  waitsFor: 'approval' | 'deletion',
): Pick<Alert, 'change' | 'changeId'> {
  const { openedOn, lastNotifiedOn } = notified ?? {};
  if (openedOn !== lastNotifiedOn) return {};
  const { oldKeyId: keyId } = retirement;
  return {
    change: {
      type: 'key-held',
      ...secretOf(retirement),
      keyId,
      waitsFor,
      ...(lastUsedOn !== undefined && { lastUsedOn }),
    },
    ...(openedOn !== undefined && { changeId: openedOn }),
  };
}
