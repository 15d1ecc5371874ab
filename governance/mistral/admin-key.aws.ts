import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { AdminKeyError } from '../platform/errors.js';
import { parseJson, unquoted } from '../platform/json.js';
import { type ApiKey, ApiKeySchema, withoutMargins } from './api-key.js';

/** The organization's Admin API key, which only Secrets Manager and this process's memory hold. */
export interface AdminKey {
  readonly secretName: string;
  /** Reads the secret once. @throws AdminKeyError quoting nothing of the secret */
  read(): Promise<ApiKey>;
  /** Reads the secret again, unless another call did since Mistral rejected this key. */
  refresh(rejected: ApiKey): Promise<ApiKey>;
}

const WrappedSchema = z.object({ apiKey: ApiKeySchema }).transform(({ apiKey }) => apiKey);

export function createAdminKey(client: SecretsManagerClient, secretName: string): AdminKey {
  let cached: Promise<ApiKey> | undefined;

  async function fetchKey(): Promise<ApiKey> {
    try {
      const { SecretString } = await unquoted(
        client.send(new GetSecretValueCommand({ SecretId: secretName })),
      );
      return parseAdminKey(SecretString ?? '', secretName);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
      throw new AdminKeyError(`secret ${secretName} does not exist or has no value yet: ${REMEDY}`);
    }
  }

  async function read(): Promise<ApiKey> {
    cached ??= fetchKey();
    const pending = cached;
    try {
      return await pending;
    } catch (error) {
      if (cached === pending) cached = undefined;
      throw error;
    }
  }

  return {
    secretName,
    read,

    async refresh(rejected) {
      const known = cached;
      // Each read makes an instance of its own.
      if ((await known?.catch(() => undefined)) === rejected && cached === known)
        cached = undefined;
      return await read();
    },
  };
}

const REMEDY =
  'store an Admin API key of Mistral there, either the key alone or {"apiKey": "<the key>"}';

function parseAdminKey(secretString: string, secretName: string): ApiKey {
  const value = withoutMargins(secretString);
  const parsed = value.startsWith('{')
    ? WrappedSchema.safeParse(parseJson(value))
    : ApiKeySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const what = value === '' ? 'is empty' : 'holds something other than a key';
  throw new AdminKeyError(`secret ${secretName} ${what}: ${REMEDY}`);
}
