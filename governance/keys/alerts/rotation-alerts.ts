import type { Alert } from '../../alerts/alert.js';
import type { IsoDate } from '../../platform/utc-day.js';

export interface SucceededRotation {
  readonly secretName: string;
  readonly workspace: string;
  readonly newKeyId: string;
  /** The key that is now being retired, if there is one. */
  readonly oldKeyId: string | undefined;
  readonly expiresOn: IsoDate | undefined;
  /** The expiry we asked for, which Mistral's own key policy may have cut short. */
  readonly requestedExpiresOn: IsoDate | undefined;
  readonly firstKey: boolean;
  /** Whether a person made the key, who will have to delete the old one too. @default false */
  readonly isSupplied?: boolean;
  readonly at: Date;
  readonly threadId: string;
  /** When the retirement flow first looks at the old key. */
  readonly checkAt: string | undefined;
}

/** A new key is in charge. */
export function rotationSucceeded(rotation: SucceededRotation): Alert {
  const { secretName, newKeyId, oldKeyId, expiresOn, firstKey, checkAt } = rotation;
  const afterwards = rotation.isSupplied
    ? 'The old one keeps working until you delete it: you will be asked to when it is time.'
    : 'The old one keeps working until it is seen to be unused; then it is revoked.';
  return {
    type: 'rotation-succeeded',
    severity: 'info',
    workspace: rotation.workspace,
    threadId: rotation.threadId,
    at: rotation.at,
    title: firstKey ? `${secretName} holds its first key` : `${secretName} was rotated`,
    description: [
      firstKey && rotation.isSupplied && 'The key supplied is verified and ready to be read.',
      firstKey && !rotation.isSupplied && 'A key was created and is ready to be read.',
      !firstKey && 'A new key is in charge.',
      oldKeyId && afterwards,
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
  if (expiresOn === undefined || requestedExpiresOn === undefined) return undefined;
  if (expiresOn >= requestedExpiresOn) return undefined;
  return `Mistral set an earlier expiry, ${expiresOn}, than the ${requestedExpiresOn} asked for: the key policy of your organization caps it.`;
}
