import type { KeyProber } from '../mistral/key-prober.js';
import type { KeyProbe } from '../mistral/mistral.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { readCurrentKey } from './stored-keys.js';

/** The models that the current key of a secret may use. Uses that key; `undefined` without one. */
export type ListModels = (secretName: string) => Promise<KeyProbe | undefined>;

export function createModelCatalog(
  secrets: Pick<SecretVersions, 'describe' | 'read'>,
  prober: KeyProber,
): ListModels {
  return async (secretName) => {
    const { key } = await readCurrentKey(secrets, secretName);
    return key && (await prober.probe(key.apiKey));
  };
}
