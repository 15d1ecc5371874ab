import { type SecretState, versionAt } from '../../keys/rotation.js';
import type { ListedKey } from '../../mistral/mistral.js';
import { groupBy } from '../../platform/group-by.js';
import { toSafeLine } from '../../platform/quoting.js';
import { ageInDays, type IsoDate, utcDay } from '../../platform/utc-day.js';
import { FINDING_TYPES, type FindingType } from '../../policy/finding-types.js';
import type { PlannedKey } from '../../policy/planned-keys.js';
import type { Workspace } from '../../policy/policy.js';
import type { AuditFacts, AuditView } from '../audit.js';
import type { Finding } from '../finding.js';
import { workspaceNameOf } from '../key-findings.js';
import { type AuditRules, createHygieneCheck } from '../key-hygiene.js';
import type { KeyMatch } from '../managed-versions.js';

/** What a key is to this product. */
export type KeyState =
  | 'current'
  /** Created by a rotation that has not ended. */
  | 'pending'
  /** Replaced; a retirement is going to revoke it. */
  | 'retiring'
  /** Replaced, and nothing is going to revoke it, as far as is known. */
  | 'replaced'
  /** Several keys have the name of one rotation. */
  | 'duplicate'
  /** Its secret was rotated during the audit. */
  | 'in rotation'
  | 'unmanaged'
  /** A secret names a key that Mistral does not list. */
  | 'missing'
  /** Not every key could be listed, and this one was not among them. */
  | 'not listed'
  | 'no key yet'
  | 'secret not read';

/** A key as listed, and what its name says of it. */
export interface MatchedKey {
  readonly key: ListedKey;
  readonly match: KeyMatch;
}

/** One key, or one managed secret without one. `null` is what is not known or does not apply. */
export interface InventoryRow {
  readonly key: string;
  readonly keyId: string | null;
  readonly secret: string | null;
  readonly workspace: string;
  readonly team: string | null;
  readonly ownerUserId: string | null;
  /** What the Admin API calls that user. */
  readonly owner: string | null;
  /** The user or API key that created a key of others, as Mistral names it. */
  readonly createdBy: string | null;
  readonly state: KeyState;
  readonly createdOn: IsoDate | null;
  readonly ageDays: number | null;
  /** `null` for a key that was never used. */
  readonly lastUsedOn: IsoDate | null;
  readonly expiresOn: IsoDate | null;
  readonly nextRotationOn: IsoDate | null;
  readonly findings: readonly FindingType[];
}

/** Makes a row of a key, or of a secret whose current key was not among the keys. */
export function createRows(
  { secrets, retiring, workspaces }: AuditFacts,
  { complete, changing }: AuditView,
  findings: readonly Finding[],
  rules: AuditRules,
  now: Date,
  names: ReadonlyMap<string, string>,
) {
  const ownerOf = (workspace: Workspace | undefined): string | null => {
    const name = names.get(workspace?.ownerUserId ?? '');
    return name === undefined ? null : toSafeLine(name);
  };
  const checkHygiene = createHygieneCheck(rules, now);
  const byKeyId = typesBy(findings, ({ evidence }) => evidence.keyId);
  const bySecretName = typesBy(findings, ({ evidence }) =>
    evidence.keyId === undefined ? evidence.secret : undefined,
  );

  function stateOf({ key, match }: MatchedKey): KeyState {
    const secretName = plannedOf(match)?.secretName;
    if (secretName !== undefined && changing.has(secretName)) return 'in rotation';
    if (retiring?.has(key)) return 'retiring';
    if (match.kind === 'foreign') return 'unmanaged';
    if (match.kind === 'unlabelled' || match.version.stage === 'AWSPREVIOUS') return 'replaced';
    if (match.version.keys.count > 1) return 'duplicate';
    return match.version.stage === 'AWSCURRENT' ? 'current' : 'pending';
  }

  function keylessState(secretName: string, secret: SecretState | undefined): KeyState {
    if (!secret) return 'secret not read';
    if (versionAt(secret, 'AWSCURRENT') === undefined) return 'no key yet';
    if (changing.has(secretName)) return 'in rotation';
    return complete ? 'missing' : 'not listed';
  }

  /** Also those that one finding counts for many keys. */
  function findingsOf({ key }: MatchedKey, state: KeyState, secretName: string | undefined) {
    const found = new Set<FindingType>(byKeyId.get(key.id));
    if (state === 'unmanaged') found.add('unmanaged');
    if (state === 'unmanaged' || state === 'current') {
      checkHygiene(key, (type) => found.add(type));
    }
    if (state === 'current' || state === 'duplicate') {
      for (const type of bySecretName.get(secretName ?? '') ?? []) found.add(type);
    }
    return FINDING_TYPES.filter((type) => found.has(type));
  }

  return {
    key(matched: MatchedKey): InventoryRow {
      const { key, match } = matched;
      const plannedKey = plannedOf(match);
      const state = stateOf(matched);
      const workspace = workspaces.get(key.workspaceId ?? '') ?? plannedKey?.workspace;
      const secret = secrets.get(plannedKey?.secretName ?? '');
      return {
        key: toSafeLine(key.name),
        keyId: key.id,
        secret: plannedKey?.secretName ?? null,
        workspace: workspaceNameOf(key, workspaces),
        team: workspace?.team ?? null,
        ownerUserId: workspace?.ownerUserId ?? null,
        owner: ownerOf(workspace),
        createdBy:
          state === 'unmanaged' && key.createdBy !== undefined ? toSafeLine(key.createdBy) : null,
        state,
        createdOn: dayOf(key.createdAt),
        ageDays: ageOf(key.createdAt, now),
        lastUsedOn: key.lastUsedOn ?? null,
        expiresOn: key.expiresOn ?? null,
        nextRotationOn: state === 'current' ? dayOf(secret?.nextRotationAt) : null,
        findings: findingsOf(matched, state, plannedKey?.secretName),
      };
    },

    secret(planned: PlannedKey): InventoryRow {
      const { secretName, workspace } = planned;
      const secret = secrets.get(secretName);
      return {
        ...secretRow(planned, secret?.lastRotatedAt, bySecretName.get(secretName) ?? [], now),
        ownerUserId: workspace.ownerUserId ?? null,
        owner: ownerOf(workspace),
        state: keylessState(secretName, secret),
        nextRotationOn: dayOf(secret?.nextRotationAt),
      };
    },
  };
}

/** What is known of a secret without a key at Mistral: its reads are not uses of the key. */
export function secretRow(
  { secretName, workspace, key }: PlannedKey,
  since: Date | undefined,
  found: readonly FindingType[],
  now: Date,
): Omit<InventoryRow, 'state' | 'nextRotationOn'> {
  return {
    key: key.name,
    keyId: null,
    secret: secretName,
    workspace: workspace.name,
    team: workspace.team,
    ownerUserId: null,
    owner: null,
    createdBy: null,
    createdOn: dayOf(since),
    ageDays: ageOf(since, now),
    lastUsedOn: null,
    expiresOn: null,
    findings: FINDING_TYPES.filter((type) => found.includes(type)),
  };
}

export function plannedOf(match: KeyMatch): PlannedKey | undefined {
  if (match.kind === 'labelled') return match.version.planned;
  return match.kind === 'unlabelled' ? match.planned : undefined;
}

function typesBy(findings: readonly Finding[], nameOf: (finding: Finding) => string | undefined) {
  return new Map(
    [...groupBy(findings, nameOf)].map(([name, group]) => [name, group.map(({ type }) => type)]),
  );
}

function dayOf(at: Date | undefined): IsoDate | null {
  return at ? utcDay(at) : null;
}

export function ageOf(createdAt: Date | undefined, now: Date): number | null {
  return createdAt ? ageInDays(createdAt, now) : null;
}
