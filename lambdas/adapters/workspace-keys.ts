import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ApiKey } from '../domain/api-key.js';
import { parseManagedKey } from '../domain/managed-key.js';
import { GATEWAY_KEY_NAME, secretName } from '../domain/planned-keys.js';

/** The gateway's own key of each workspace, kept in memory. */
export interface WorkspaceKeys {
  /** Answers at once while the key is in memory. */
  current(workspace: string): ApiKey | Promise<ApiKey>;
  /** Asks Secrets Manager again, unless somebody else did since Mistral refused this key. */
  refresh(workspace: string, refused: ApiKey): Promise<ApiKey>;
}

interface Entry {
  readonly apiKey: ApiKey;
  readonly readAtMs: number;
}

/** Far shorter than a replaced key lives on. */
const FRESH_MS = 300_000;

export function createWorkspaceKeys(
  client: SecretsManagerClient,
  nowMs: () => number,
): WorkspaceKeys {
  const known = new Map<string, Entry>();
  const underWay = new Map<string, Promise<ApiKey>>();

  async function read(workspace: string): Promise<ApiKey> {
    const secretId = secretName(workspace, GATEWAY_KEY_NAME);
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    const read = parseManagedKey(SecretString ?? '', secretId).apiKey;
    // The same object for the same key: whoever was refused with it compares objects.
    const before = known.get(workspace)?.apiKey;
    const apiKey = before?.reveal() === read.reveal() ? before : read;
    known.set(workspace, { apiKey, readAtMs: nowMs() });
    return apiKey;
  }

  /** However many ask, Secrets Manager is asked once. */
  function readOnce(workspace: string): Promise<ApiKey> {
    const before = underWay.get(workspace);
    if (before) return before;
    const reading = read(workspace).finally(() => underWay.delete(workspace));
    underWay.set(workspace, reading);
    return reading;
  }

  return {
    current(workspace) {
      const entry = known.get(workspace);
      if (!entry) return readOnce(workspace);
      // The key at hand goes on working while a fresh one is read, and if none can be.
      if (nowMs() - entry.readAtMs > FRESH_MS) readOnce(workspace).catch(() => undefined);
      return entry.apiKey;
    },

    async refresh(workspace, refused) {
      const entry = known.get(workspace);
      return entry && entry.apiKey !== refused ? entry.apiKey : readOnce(workspace);
    },
  };
}
