import {
  paginateListSecretVersionIds,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** What Secrets Manager says about single versions only. */
export interface ManagedSecrets {
  /** When this version was created; `undefined` once it carries no label. */
  createdAt(secretId: string, versionId: string): Promise<Date | undefined>;
}

export function createManagedSecrets(client: SecretsManagerClient): ManagedSecrets {
  return {
    async createdAt(secretId, versionId) {
      const pages = paginateListSecretVersionIds({ client }, { SecretId: secretId });
      for await (const { Versions = [] } of pages) {
        const version = Versions.find(({ VersionId }) => VersionId === versionId);
        if (version) return version.CreatedDate;
      }
      return undefined;
    },
  };
}
