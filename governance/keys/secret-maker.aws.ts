import {
  CreateSecretCommand,
  ResourceExistsException,
  type SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/** What a secret of this product is made with. */
export const SecretSettingsSchema = z.object({
  description: z.string(),
  kmsKeyId: z.string().min(1),
  tags: z.array(z.object({ Key: z.string(), Value: z.string() })),
});

export type SecretSettings = Readonly<z.infer<typeof SecretSettingsSchema>>;

/** Makes secrets, without a value. */
export interface SecretMaker {
  create(name: string, settings: SecretSettings): Promise<void>;
  /** Its key of KMS stays: readers may name it in their own policies. */
  change(secretId: string, settings: Omit<SecretSettings, 'kmsKeyId'>): Promise<void>;
}

export function createSecretMaker(client: SecretsManagerClient): SecretMaker {
  return {
    async create(Name, { description, kmsKeyId, tags }) {
      try {
        await client.send(
          new CreateSecretCommand({
            Name,
            Description: description,
            KmsKeyId: kmsKeyId,
            Tags: [...tags],
          }),
        );
      } catch (error) {
        // An attempt whose answer was lost has made it.
        if (!(error instanceof ResourceExistsException)) throw error;
      }
    },

    async change(SecretId, { description, tags }) {
      await client.send(new UpdateSecretCommand({ SecretId, Description: description }));
      if (tags.length > 0) await client.send(new TagResourceCommand({ SecretId, Tags: [...tags] }));
    },
  };
}
