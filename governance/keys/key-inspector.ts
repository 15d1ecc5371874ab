import type { KeyProber } from '../mistral/key-prober.js';
import type { KeySource } from '../mistral/key-source.js';
import type { ListedKey, MistralModel } from '../mistral/mistral.js';
import type { Organization } from '../mistral/organization.js';
import { tokenOf } from '../policy/key-name.js';
import type { KeyHealthFacts } from './key-health.js';
import type { ManagedKey } from './managed-key.js';

export interface KeyInspection {
  readonly facts: KeyHealthFacts;
  /** What the key may use; empty when Mistral rejects it. */
  readonly models: readonly MistralModel[];
}

/** Gathers what Mistral knows about one key. */
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

    async inspect(key, versionId, now) {
      const { createdAt } = key;
      const probe = await prober.probe(key.apiKey);
      if (probe.kind === 'accepted') {
        const facts = {
          now,
          createdAt,
          accepted: true,
          listed: undefined,
          spendLimitReached: false,
        };
        return { facts, models: probe.models };
      }
      const [listed, spendLimitReached] = await Promise.all([
        find(key.keyId, versionId),
        organization.spendLimitReached(),
      ]);
      return { facts: { now, createdAt, accepted: false, listed, spendLimitReached }, models: [] };
    },
  };
}
