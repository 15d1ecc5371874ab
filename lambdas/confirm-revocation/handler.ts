import type { KeyInspector } from '../../governance/keys/key-inspector.js';
import { RetirementSchema } from '../../governance/keys/retirement.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { KeyProber } from '../../governance/mistral/key-prober.js';
import { RevocationUnconfirmedError } from '../../governance/platform/errors.js';

export interface ConfirmRevocationDeps {
  readonly secrets: Pick<SecretVersions, 'read'>;
  readonly inspector: Pick<KeyInspector, 'find'>;
  readonly prober: KeyProber;
  readonly now: () => Date;
}

export interface Confirmation {
  /** Not tried where Secrets Manager has dropped the version that held the key. */
  readonly rejected: boolean;
  readonly checkedAt: string;
}

/** Task of the retirement flow: the revoked key is no longer listed and no longer accepted. */
export function createConfirmRevocationHandler(deps: ConfirmRevocationDeps) {
  return async (event: unknown): Promise<Confirmation> => {
    const { secretId, oldKeyId, oldVersionId } = RetirementSchema.parse(event);
    if (await deps.inspector.find(oldKeyId, oldVersionId)) {
      throw new RevocationUnconfirmedError(`Mistral still lists key ${oldKeyId}`);
    }
    const checkedAt = deps.now().toISOString();
    const old = await deps.secrets.read(secretId, oldVersionId);
    if (!old || old.keyId !== oldKeyId) return { rejected: false, checkedAt };
    const probe = await deps.prober.probe(old.apiKey);
    if (probe.kind === 'accepted') {
      throw new RevocationUnconfirmedError(`Mistral still accepts key ${oldKeyId}`);
    }
    return { rejected: true, checkedAt };
  };
}
