import * as z from 'zod';
import { type ApiKey, ApiKeySchema, withoutMargins } from '../mistral/api-key.js';
import { SecretValueError } from '../platform/errors.js';
import { parseJson } from '../platform/json.js';
import type { IsoDate } from '../platform/utc-day.js';

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
