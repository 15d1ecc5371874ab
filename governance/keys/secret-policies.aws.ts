import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  MalformedPolicyDocumentException,
  PutResourcePolicyCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

/** The resource policies of secrets. */
export interface SecretPolicies {
  get(secretId: string): Promise<string | undefined>;
  put(secretId: string, policy: string): Promise<void>;
  delete(secretId: string): Promise<void>;
}

/** A role that was just created is not known to Secrets Manager for some seconds. */
const ATTEMPTS = 10;
const PAUSE_MS = 5000;

export function createSecretPolicies(
  client: SecretsManagerClient,
  sleep: (milliseconds: number) => Promise<unknown>,
): SecretPolicies {
  return {
    async get(SecretId) {
      const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
      return ResourcePolicy;
    },

    async put(SecretId, ResourcePolicy) {
      const input = { SecretId, ResourcePolicy, BlockPublicPolicy: true };
      for (let attempt = 1; ; attempt += 1) {
        try {
          await client.send(new PutResourcePolicyCommand(input));
          return;
        } catch (error) {
          const isUnknownRole = error instanceof MalformedPolicyDocumentException;
          if (!isUnknownRole || attempt === ATTEMPTS) throw error;
          await sleep(PAUSE_MS);
        }
      }
    },

    async delete(SecretId) {
      await client.send(new DeleteResourcePolicyCommand({ SecretId }));
    },
  };
}
