import { type SecretState, type VersionStage, versionAt } from '../keys/rotation.js';
import { labelOf } from '../keys/version-label.js';
import type { ListedKey } from '../mistral/mistral.js';
import { groupBy } from '../platform/group-by.js';
import { parseKeyName, tokenOf } from '../policy/key-name.js';
import type { PlannedKey } from '../policy/planned-keys.js';
import { createKeyTally, type KeyTally } from './key-tally.js';

/** A labelled version of a managed secret, and the keys that carry its name at Mistral. */
export interface ManagedVersion {
  readonly planned: PlannedKey;
  readonly secret: SecretState;
  readonly versionId: string;
  readonly stage: VersionStage;
  readonly keys: KeyTally;
}

export type KeyMatch =
  | {
      readonly kind: 'labelled';
      readonly version: ManagedVersion;
      /** The current versions of other secrets that were taken over with the same key. */
      readonly sharedBy: readonly ManagedVersion[];
    }
  /** Named as a rotation of ours names keys, but for no version that carries a label. */
  | { readonly kind: 'unlabelled'; readonly planned: PlannedKey | undefined }
  | { readonly kind: 'foreign' };

// The first label counts: a version that is AWSCURRENT may still carry AWSPENDING.
const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;

/** The ids of keys that versions hold, where neither a name nor a label says them. */
export type KeyIds = ReadonlyMap<string, string>;

/** Finds the version that a key belongs to by its name or id, in the same time however many there are. */
export function createManagedVersions(
  planned: readonly PlannedKey[],
  secrets: ReadonlyMap<string, SecretState>,
  keyIds: KeyIds = new Map(),
) {
  const all = planned.flatMap((key) => labelledVersions(key, secrets.get(key.secretName)));
  const byKeyAndToken = groupBy(all, nameAndToken);
  const byKeyId = groupBy(all.flatMap(withKeyId(keyIds)), ({ keyId }) => keyId);
  const byKey = groupBy(planned, ({ key }) => key.name);

  return {
    all,
    match(key: ListedKey): KeyMatch {
      const identified = byKeyId.get(key.id)?.map(({ version }) => version);
      if (identified) return inOrderOfUse(identified);
      const parsed = parseKeyName(key.name);
      if (!parsed) return { kind: 'foreign' };
      const versions = byKeyAndToken.get(`${parsed.key}-${parsed.token}`);
      const version = inWorkspaceOf(key, versions, (candidate) => candidate.planned);
      if (version) return { kind: 'labelled', version, sharedBy: [] };
      return {
        kind: 'unlabelled',
        planned: inWorkspaceOf(key, byKey.get(parsed.key), (candidate) => candidate),
      };
    },
  };
}

function withKeyId(keyIds: KeyIds) {
  return (version: ManagedVersion) => {
    const { secret, versionId } = version;
    const keyId = labelOf(secret.stagesByVersion[versionId])?.keyId ?? keyIds.get(versionId);
    return keyId === undefined ? [] : [{ keyId, version }];
  };
}

function inOrderOfUse(versions: readonly ManagedVersion[]): KeyMatch {
  const [version, ...others] = [...versions].sort(
    (one, other) => STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage),
  );
  if (!version) return { kind: 'foreign' };
  const sharedBy = others.filter(({ stage }) => stage === 'AWSCURRENT');
  return { kind: 'labelled', version, sharedBy };
}

function labelledVersions(planned: PlannedKey, secret: SecretState | undefined): ManagedVersion[] {
  if (!secret) return [];
  const versions = new Map<string, ManagedVersion>();
  for (const stage of STAGES) {
    const versionId = versionAt(secret, stage);
    if (versionId === undefined || versions.has(versionId)) continue;
    versions.set(versionId, { planned, secret, versionId, stage, keys: createKeyTally() });
  }
  return [...versions.values()];
}

function nameAndToken({ planned, versionId }: ManagedVersion): string {
  return `${planned.key.name}-${tokenOf(versionId)}`;
}

function inWorkspaceOf<Candidate>(
  { workspaceId }: ListedKey,
  candidates: readonly Candidate[] | undefined,
  plannedOf: (candidate: Candidate) => PlannedKey,
): Candidate | undefined {
  return (
    candidates?.find((candidate) => plannedOf(candidate).workspace.id === workspaceId) ??
    candidates?.[0]
  );
}
