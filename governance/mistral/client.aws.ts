import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Policy } from '../policy/policy.js';
import { createAdminKey } from './admin-key.aws.js';
import { createKeyProber, type KeyProber } from './key-prober.js';
import { createAdminKeySource, type KeySource } from './key-source.js';
import { createMistralAdmin } from './mistral-admin.js';
import { createMistralHttp, type MistralHttp, type MistralHttpOptions } from './mistral-http.js';
import { createOrganization, type Organization } from './organization.js';

/** All clients of Mistral that a function may need, with one Admin API key. */
export interface Mistral {
  readonly keySource: KeySource;
  readonly organization: Organization;
  readonly prober: KeyProber;
}

export function createMistral(
  policy: Policy,
  secretsManager: SecretsManagerClient,
  options?: MistralHttpOptions,
): Mistral {
  const { mistral } = policy;
  const adminKey = createAdminKey(secretsManager, mistral.adminKeySecret);
  const admin = createMistralAdmin(createMistralHttp(mistral.adminUrl, options), adminKey);
  const keySource = createAdminKeySource(admin);
  const organization = createOrganization(admin);
  const prober = createProber(policy, options);
  return { keySource, organization, prober };
}

/** The same, for functions that also run in operator mode, where no key can be listed, created or deleted. */
export function createAdminApi(
  policy: Policy,
  secretsManager: SecretsManagerClient,
  options?: MistralHttpOptions,
): Mistral | undefined {
  if (policy.mistral.keySource === 'operator') return undefined;
  return createMistral(policy, secretsManager, options);
}

/** All that can be asked with a key alone: whether Mistral accepts it. */
export function createProber(policy: Policy, options?: MistralHttpOptions): KeyProber {
  return createKeyProber(createInference(policy, options));
}

/** Mistral's API for a workspace's key. */
export function createInference({ mistral }: Policy, options?: MistralHttpOptions): MistralHttp {
  return createMistralHttp(mistral.apiUrl, options);
}
