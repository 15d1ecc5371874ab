import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Policy } from '../domain/policy.js';
import { createAdminKey } from './admin-key.js';
import { createKeyInspector, type KeyInspector } from './key-inspector.js';
import { createKeyProber, type KeyProber } from './key-prober.js';
import { createAdminKeySource, type KeySource } from './key-source.js';
import { createMistralAdmin } from './mistral-admin.js';
import { createMistralHttp, type MistralHttpOptions } from './mistral-http.js';
import { createOrganization, type Organization } from './organization.js';

/** Everything a function may want of Mistral, over one Admin API key. */
export interface Mistral {
  readonly keySource: KeySource;
  readonly organization: Organization;
  readonly prober: KeyProber;
  readonly inspector: KeyInspector;
}

export function createMistral(
  { mistral }: Policy,
  secretsManager: SecretsManagerClient,
  options?: MistralHttpOptions,
): Mistral {
  const adminKey = createAdminKey(secretsManager, mistral.adminKeySecret);
  const admin = createMistralAdmin(createMistralHttp(mistral.adminUrl, options), adminKey);
  const keySource = createAdminKeySource(admin);
  const organization = createOrganization(admin);
  const prober = createKeyProber(createMistralHttp(mistral.apiUrl, options));
  const inspector = createKeyInspector(prober, keySource, organization);
  return { keySource, organization, prober, inspector };
}
