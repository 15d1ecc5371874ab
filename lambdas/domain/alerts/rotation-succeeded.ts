import type { Alert } from '../alert.js';
import type { IsoDate } from '../utc-day.js';

export interface SucceededRotation {
  readonly secretName: string;
  readonly workspace: string;
  readonly newKeyId: string;
  /** The key that is now being retired, if there is one. */
  readonly oldKeyId: string | undefined;
  readonly expiresOn: IsoDate | undefined;
  /** The expiry we asked for, which Mistral's own key policy may have cut short. */
  readonly requestedExpiresOn: IsoDate;
  readonly firstKey: boolean;
  readonly at: Date;
  readonly threadId: string;
  /** When the retirement flow first looks at the old key. */
  readonly checkAt: string | undefined;
}

/** A new key is in charge. */
export function rotationSucceeded(rotation: SucceededRotation): Alert {
  const { secretName, newKeyId, oldKeyId, expiresOn, firstKey, checkAt } = rotation;
  return {
    type: 'rotation-succeeded',
    severity: 'info',
    workspace: rotation.workspace,
    threadId: rotation.threadId,
    at: rotation.at,
    title: firstKey ? `${secretName} holds its first key` : `${secretName} was rotated`,
    description: [
      firstKey ? 'A key was created and is ready to be read.' : 'A new key is in charge.',
      oldKeyId && 'The old one keeps working until it is seen to be unused; then it is revoked.',
      clampNote(rotation),
    ]
      .filter(Boolean)
      .join(' '),
    facts: {
      secret: secretName,
      'new key': newKeyId,
      ...(oldKeyId && { 'old key': oldKeyId }),
      ...(expiresOn && { 'new key expires on': expiresOn }),
      ...(checkAt && { 'old key is looked at on': checkAt }),
    },
    nextSteps: [],
  };
}

function clampNote({ expiresOn, requestedExpiresOn }: SucceededRotation): string | undefined {
  if (expiresOn === undefined || expiresOn >= requestedExpiresOn) return undefined;
  return `Mistral set an earlier expiry, ${expiresOn}, than the ${requestedExpiresOn} asked for: the key policy of your organization caps it.`;
}
