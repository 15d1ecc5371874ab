import type { KeyProber } from '../mistral/key-prober.js';
import type { KeySource } from '../mistral/key-source.js';
import type { ListedKey, MistralModel } from '../mistral/mistral.js';
import type { Organization } from '../mistral/organization.js';
import { tokenOf } from '../policy/key-name.js';
import { judgeRejection, type KeyHealth } from './key-health.js';
import type { ManagedKey } from './managed-key.js';

export interface KeyInspection {
  readonly health: KeyHealth;
  /** What the key may use; empty when Mistral rejects it. */
  readonly models: readonly MistralModel[];
}

/** Finds out what Mistral knows about one key. */
export interface KeyInspector {
  /** Uses the key, and where it is rejected, asks the Admin API for what the rejection may mean. */
  inspect(key: ManagedKey, versionId: string, now: Date): Promise<KeyInspection>;
  /** Finds a key in the list without using it; `undefined` only after every key was compared. */
  find(keyId: string, versionId: string): Promise<ListedKey | undefined>;
}

export interface KeyInspectorDeps {
  readonly prober: KeyProber;
  readonly keySource: Pick<KeySource, 'list'>;
  readonly organization: Pick<Organization, 'spendLimitReached'>;
}

export function createKeyInspector(deps: KeyInspectorDeps): KeyInspector {
  const { prober, keySource, organization } = deps;

  async function find(keyId: string, versionId: string): Promise<ListedKey | undefined> {
    // The name of a key of ours has its version; an imported one may be anywhere in the list.
    for (const nameFilter of [tokenOf(versionId), undefined]) {
      for await (const key of keySource.list(nameFilter)) {
        if (key.id === keyId) return key;
      }
    }
    return undefined;
  }

  return {
    find,

    async inspect({ apiKey, keyId, createdAt }, versionId, now) {
      const probe = await prober.probe(apiKey);
      if (probe.kind === 'accepted') return { health: { kind: 'works' }, models: probe.models };
      const [listed, spendLimitReached] = await Promise.all([
        find(keyId, versionId),
        organization.spendLimitReached(),
      ]);
      const health = judgeRejection({ now, createdAt, listed, spendLimitReached });
      return { health, models: [] };
    },
  };
}
