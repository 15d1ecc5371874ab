import {
  GetResourcePolicyCommand,
  paginateListSecretVersionIds,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { parseJson } from '../platform/json.js';

/** What Secrets Manager says in calls of its own. */
export interface ManagedSecrets {
  /** When this version was created; `undefined` once it carries no label. */
  createdAt(secretId: string, versionId: string): Promise<Date | undefined>;
  /**
   * The principals that the secret's own policy lets read its value, by ARN or pattern; `undefined` where it
   * leaves that to IAM.
   */
  readers(secretId: string): Promise<readonly string[] | undefined>;
}

/** The statement of a secret's policy that denies its value to all but some: see `lib/keys/secret-access.ts`. */
export const DENY_OTHER_READERS = 'DenyOtherReaders';

const PolicySchema = z.object({
  Statement: z.array(
    z.looseObject({
      Sid: z.string().optional(),
      Condition: z
        .object({
          ArnNotLike: z.object({
            'aws:PrincipalArn': z.union([z.string(), z.array(z.string())]),
          }),
        })
        .optional()
        .catch(undefined),
    }),
  ),
});

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

    async readers(secretId) {
      const { ResourcePolicy = '' } = await client.send(
        new GetResourcePolicyCommand({ SecretId: secretId }),
      );
      const policy = PolicySchema.safeParse(parseJson(ResourcePolicy)).data;
      const denial = policy?.Statement.find(({ Sid }) => Sid === DENY_OTHER_READERS);
      const arns = denial?.Condition?.ArnNotLike['aws:PrincipalArn'];
      return typeof arns === 'string' ? [arns] : arns;
    },
  };
}
