import type { ApiKey } from '../mistral/api-key.js';
import { isShownAs } from '../mistral/hidden-key.js';
import type { KeySource } from '../mistral/key-source.js';
import type { ListedKey } from '../mistral/mistral.js';
import { SecretRefusedError } from '../platform/errors.js';
import { countText } from '../platform/wording.js';
import { formatOf, type PlannedKey } from '../policy/planned-keys.js';
import type { ManagedKey } from './managed-key.js';
import { type SecretState, versionAt } from './rotation.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { UnidentifiedKeyError } from './unidentified-key.js';
import { labelOf, type VersionLabel } from './version-label.js';

export interface IdentifyDeps {
  readonly secrets: Pick<SecretVersions, 'read' | 'identify'>;
  readonly keySource: Pick<KeySource, 'list'>;
  readonly now: () => Date;
}

/**
 * Finds out which key of Mistral's list is the current one of a secret whose value does not say so, and labels its version.
 * Other values are left as they are.
 *
 * @throws SecretValueError, SecretRefusedError where the secret holds no key, or none of this organization
 */
export async function identifyCurrent(
  deps: IdentifyDeps,
  planned: PlannedKey,
  state: SecretState,
): Promise<void> {
  const found = await findCurrent(deps, planned, state);
  if (found) await deps.secrets.identify(state.arn, found.versionId, found.label);
}

/** The same, without a change: what the version would be labelled with, if it needs a label. */
export async function findCurrent(
  deps: Omit<IdentifyDeps, 'secrets'> & { readonly secrets: Pick<SecretVersions, 'read'> },
  planned: PlannedKey,
  state: SecretState,
): Promise<{ readonly versionId: string; readonly label: VersionLabel } | undefined> {
  const format = formatOf(planned);
  const versionId = versionAt(state, 'AWSCURRENT');
  if (format === 'json' || versionId === undefined) return undefined;
  if (labelOf(state.stagesByVersion[versionId])) return undefined;
  const known = await knownKey(deps, state.arn, versionId);
  if (!known) return undefined;
  const { keyId, createdAt, expiresAt } = known;
  return { versionId, label: { keyId, createdAt, expiresAt, format } };
}

async function knownKey(
  { secrets, keySource, now }: Parameters<typeof findCurrent>[0],
  secretId: string,
  versionId: string,
): Promise<Pick<ManagedKey, 'keyId' | 'createdAt' | 'expiresAt'> | undefined> {
  try {
    return await secrets.read(secretId, versionId);
  } catch (error) {
    if (!(error instanceof UnidentifiedKeyError)) throw error;
    const { id, createdAt, expiresOn } = await listedKey(keySource, error.apiKey);
    return { keyId: id, createdAt: createdAt ?? now(), expiresAt: expiresOn };
  }
}

async function listedKey(keySource: Pick<KeySource, 'list'>, apiKey: ApiKey): Promise<ListedKey> {
  const found: ListedKey[] = [];
  for await (const key of keySource.list()) {
    if (isShownAs(key.hiddenKey, apiKey)) found.push(key);
  }
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new SecretRefusedError(
    only
      ? `Mistral shows ${countText(found.length, 'key')} like the one in it: store another key there first`
      : 'the key in it is none that Mistral lists for this organization: it was deleted, or belongs to another organization',
  );
}
