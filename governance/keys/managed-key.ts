import * as z from 'zod';
import { type ApiKey, ApiKeySchema, withoutMargins } from '../mistral/api-key.js';
import { SecretValueError } from '../platform/errors.js';
import { parseJson } from '../platform/json.js';
import type { IsoDate } from '../platform/utc-day.js';
import { formatOf, plannedKeyOf } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { keyIn } from './secret-format.js';
import { UnidentifiedKeyError } from './unidentified-key.js';
import { labelOf } from './version-label.js';

/** What a managed secret's version holds. */
export interface ManagedKey {
  readonly apiKey: ApiKey;
  readonly keyId: string;
  readonly workspace: string;
  readonly workspaceId: string;
  readonly createdAt: Date;
  /** The expiry Mistral set, which its key policy may have shortened. */
  readonly expiresAt: IsoDate | undefined;
}

const ManagedKeySchema = z.object({
  apiKey: ApiKeySchema,
  keyId: z.string().min(1),
  workspace: z.string().min(1),
  workspaceId: z.string().min(1),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.date().nullish(),
});

/** What Secrets Manager answers of a version with a value. */
export interface VersionValue {
  readonly Name?: string | undefined;
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: unknown;
  readonly VersionStages?: readonly string[] | undefined;
}

/**
 * The key that a version holds: by its label, which says how and which; without one by what the policy says of its secret.
 * `undefined` without text.
 *
 * @throws SecretValueError naming what is wrong, never what the value holds
 */
export function managedKeyIn(
  { Name, SecretString: text, SecretBinary, VersionStages }: VersionValue,
  policy: Policy | undefined,
  secretId: string,
): ManagedKey | undefined {
  if (SecretBinary !== undefined) {
    throw new SecretValueError(`secret ${secretId} holds a binary value, and a key is text`);
  }
  if (text === undefined) return undefined;
  const planned = policy && Name !== undefined ? plannedKeyOf(policy, Name) : undefined;
  const label = labelOf(VersionStages);
  const format = label?.format ?? (planned ? formatOf(planned) : 'json');
  // Also what was written before the policy named another format.
  if (format === 'json' || (!label && isManagedKey(text))) return parseManagedKey(text, secretId);
  const apiKey = keyIn(text, format, secretId);
  if (!label) throw new UnidentifiedKeyError(secretId, apiKey);
  const { keyId, createdAt, expiresAt } = label;
  if (keyId.includes(apiKey.reveal())) {
    throw new SecretValueError(`secret ${secretId} has its key in a label`);
  }
  // Of a secret that left the policy, no one asks for the workspace.
  const { name = '', id = '' } = planned?.workspace ?? {};
  return { apiKey, keyId, workspace: name, workspaceId: id, createdAt, expiresAt };
}

function isManagedKey(text: string): boolean {
  return ManagedKeySchema.safeParse(parseJson(withoutMargins(text))).success;
}

/**
 * Reads the JSON of a secret version.
 *
 * @throws SecretValueError naming the fields that are wrong, never what they hold
 */
export function parseManagedKey(secretString: string, secretId: string): ManagedKey {
  const parsed = ManagedKeySchema.safeParse(parseJson(withoutMargins(secretString)));
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path, code, message }) => {
      const field = path.join('.') || 'the whole value';
      return code === 'custom' ? `${field} (${message})` : field;
    });
    throw new SecretValueError(
      `secret ${secretId} does not hold a managed key: wrong fields are ${[...new Set(fields)].join(', ')}; expected JSON with ${Object.keys(ManagedKeySchema.shape).join(', ')}`,
    );
  }
  const { createdAt, expiresAt, ...ids } = parsed.data;
  const { apiKey, ...shown } = ids;
  // An administrator may paste the key twice, and ids stand in logs and alerts.
  if (JSON.stringify(shown).includes(apiKey.reveal())) {
    throw new SecretValueError(`secret ${secretId} has its key in another field than apiKey`);
  }
  return {
    ...ids,
    createdAt: new Date(createdAt),
    expiresAt: expiresAt ?? undefined,
  };
}

/** The JSON for `PutSecretValue`, with the plaintext key: for nothing else. */
export function serializeManagedKey(key: ManagedKey): string {
  return JSON.stringify({
    apiKey: key.apiKey.reveal(),
    keyId: key.keyId,
    workspace: key.workspace,
    workspaceId: key.workspaceId,
    createdAt: key.createdAt.toISOString(),
    expiresAt: key.expiresAt ?? null,
  });
}
