import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { ApiKey } from '../governance/mistral/api-key.js';

const ValueSchema = z.string().transform((text, context) => {
  const value = z.object({ apiKey: z.string() }).safeParse(JSON.parse(text));
  if (value.success) return new ApiKey(value.data.apiKey);
  context.addIssue('the secret holds no key');
  return z.NEVER;
});

export interface ServiceOptions {
  readonly secretName: string;
  readonly secrets: SecretsManagerClient;
  /** Where Mistral's API is. */
  readonly apiUrl: string;
  readonly now: () => Date;
  readonly cacheSeconds: number;
}

/** A team's program: it reads its key from Secrets Manager, caches it, and calls Mistral with it. */
export function createService(options: ServiceOptions) {
  const { secretName, secrets, apiUrl, now, cacheSeconds } = options;
  let cached: { readonly key: ApiKey; readonly until: number } | undefined;

  async function readKey(): Promise<ApiKey> {
    if (cached && cached.until > now().getTime()) return cached.key;
    const { SecretString } = await secrets.send(
      new GetSecretValueCommand({ SecretId: secretName }),
    );
    const key = ValueSchema.parse(SecretString);
    cached = { key, until: now().getTime() + cacheSeconds * 1000 };
    return key;
  }

  /** Whether the key was accepted. */
  return { work: async () => isAccepted(apiUrl, await readKey()) };
}

/** A program that was given a copy of a key, and never reads the secret. */
export function createKeyCopy(apiUrl: string, key: ApiKey) {
  return { work: () => isAccepted(apiUrl, key) };
}

async function isAccepted(apiUrl: string, key: ApiKey): Promise<boolean> {
  const response = await fetch(`${apiUrl}/v1/models`, {
    headers: { authorization: `Bearer ${key.reveal()}` },
  });
  await response.arrayBuffer();
  return response.ok;
}
