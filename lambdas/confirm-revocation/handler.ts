import type { KeyInspector } from '../adapters/key-inspector.js';
import type { KeyProber } from '../adapters/key-prober.js';
import type { SecretVersions } from '../adapters/secret-versions.js';
import { RevocationUnconfirmedError } from '../domain/errors.js';
import { RetirementSchema } from '../domain/retirement.js';

export interface ConfirmRevocationDeps {
  readonly secrets: Pick<SecretVersions, 'read'>;
  readonly inspector: Pick<KeyInspector, 'find'>;
  readonly prober: KeyProber;
}

/** How a revocation was seen: a version that Secrets Manager has dropped leaves no key to try. */
export interface Confirmation {
  readonly unlisted: true;
  readonly refused: boolean;
}

/** Task of the retirement flow: the revoked key is gone from the list and no longer let in. */
export function createConfirmRevocationHandler(deps: ConfirmRevocationDeps) {
  return async (event: unknown): Promise<Confirmation> => {
    const { secretId, oldKeyId, oldVersionId } = RetirementSchema.parse(event);
    if (await deps.inspector.find(oldKeyId, oldVersionId)) {
      throw new RevocationUnconfirmedError(`Mistral still lists key ${oldKeyId}`);
    }
    const old = await deps.secrets.read(secretId, oldVersionId);
    if (!old || old.keyId !== oldKeyId) return { unlisted: true, refused: false };
    const probe = await deps.prober.probe(old.apiKey);
    if (probe.kind === 'accepted') {
      throw new RevocationUnconfirmedError(`Mistral still accepts key ${oldKeyId}`);
    }
    return { unlisted: true, refused: true };
  };
}
