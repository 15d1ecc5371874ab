import { AwsError, type AwsOperation } from './aws-json.js';
import { resourcePolicyOf, type StoredSecret } from './secret-answers.js';
import {
  ById,
  ChangeSchema,
  PolicySchema,
  SettingsSchema,
  TagSchema,
  tagsOf,
} from './secret-requests.js';

interface Secrets {
  readonly secrets: ReadonlyMap<string, StoredSecret>;
  usable(id: string): StoredSecret;
  create(name: string, given: Partial<StoredSecret>): StoredSecret;
}

/** What is asked of a secret besides its versions. */
export function settingsOperations({
  secrets,
  usable,
  create,
}: Secrets): Record<string, AwsOperation> {
  return {
    CreateSecret(input) {
      const { Name, Description, KmsKeyId, Tags } = SettingsSchema.parse(input);
      if (secrets.has(Name)) throw new AwsError('ResourceExistsException', 'it exists already');
      const settings = { description: Description, kmsKeyId: KmsKeyId, tags: tagsOf(Tags) };
      return { ARN: create(Name, settings).arn, Name };
    },

    UpdateSecret(input) {
      const { SecretId, Description } = ChangeSchema.parse(input);
      const secret = usable(SecretId);
      secret.description = Description;
      return { ARN: secret.arn, Name: secret.name };
    },

    TagResource(input) {
      const { SecretId, Tags } = TagSchema.parse(input);
      const secret = usable(SecretId);
      secret.tags = new Map([...(secret.tags ?? []), ...tagsOf(Tags)]);
    },

    PutResourcePolicy(input) {
      const { SecretId, ResourcePolicy } = PolicySchema.parse(input);
      const secret = usable(SecretId);
      secret.resourcePolicy = ResourcePolicy;
      return { ARN: secret.arn, Name: secret.name };
    },

    DeleteResourcePolicy(input) {
      const secret = usable(ById.parse(input).SecretId);
      secret.resourcePolicy = undefined;
      return { ARN: secret.arn, Name: secret.name };
    },

    GetResourcePolicy: (input) => resourcePolicyOf(usable(ById.parse(input).SecretId)),
  };
}
