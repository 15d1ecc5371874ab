import type { KeyProber } from '../mistral/key-prober.js';
import type { KeyProbe } from '../mistral/mistral.js';
import { versionAt } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';

export interface ModelCatalog {
  /** The models that the key in charge of a secret may use. Uses that key; `undefined` without one. */
  list(secretName: string): Promise<KeyProbe | undefined>;
}

export function createModelCatalog(
  secrets: Pick<SecretVersions, 'describe' | 'read'>,
  prober: KeyProber,
): ModelCatalog {
  return {
    async list(secretName) {
      const current = versionAt(await secrets.describe(secretName), 'AWSCURRENT');
      const key = current === undefined ? undefined : await secrets.read(secretName, current);
      return key && (await prober.probe(key.apiKey));
    },
  };
}
