import { type SecretState, type VersionStage, versionAt } from '../keys/rotation.js';
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
  | { readonly kind: 'labelled'; readonly version: ManagedVersion }
  /** Named as a rotation of ours names keys, but for no version that carries a label. */
  | { readonly kind: 'unlabelled'; readonly planned: PlannedKey | undefined }
  | { readonly kind: 'foreign' };

// The first label counts: a version that is AWSCURRENT may still carry AWSPENDING.
const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;

/** Finds the version that a key belongs to by its name, in the same time however many there are. */
export function createManagedVersions(
  planned: readonly PlannedKey[],
  secrets: ReadonlyMap<string, SecretState>,
) {
  const all = planned.flatMap((key) => labelledVersions(key, secrets.get(key.secretName)));
  const byKeyAndToken = groupBy(all, nameAndToken);
  const byKey = groupBy(planned, ({ key }) => key.name);

  return {
    all,
    match(key: ListedKey): KeyMatch {
      const parsed = parseKeyName(key.name);
      if (!parsed) return { kind: 'foreign' };
      const versions = byKeyAndToken.get(`${parsed.key}-${parsed.token}`);
      const version = inWorkspaceOf(key, versions, (candidate) => candidate.planned);
      if (version) return { kind: 'labelled', version };
      return {
        kind: 'unlabelled',
        planned: inWorkspaceOf(key, byKey.get(parsed.key), (candidate) => candidate),
      };
    },
  };
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
