import { SecretRefusedError } from '../platform/errors.js';
import type { SecretMaker, SecretSettings } from './secret-maker.aws.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { describeExisting } from './stored-keys.js';
import { blockingOwner } from './take-over.js';

/** Every secret that this product has made carries it. */
const OWN_TAG = 'mistral-workspace';

export interface OwnSecretDeps {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly maker: SecretMaker;
  readonly rotationFunctionArn: string;
}

/**
 * Makes a secret of this product, or goes on with the one that an earlier stack has left, with its key. Returns its ARN.
 *
 * @throws SecretRefusedError for a secret that others made, or still rotate
 */
export async function provideOwn(
  deps: OwnSecretDeps,
  secretName: string,
  settings: SecretSettings,
): Promise<string> {
  const state = await describeExisting(deps.secrets, secretName);
  if (!state) {
    await deps.maker.create(secretName, settings);
    return (await deps.secrets.describe(secretName)).arn;
  }
  const isOwn = state.tags?.[OWN_TAG] !== undefined;
  const reason = isOwn
    ? blockingOwner(deps, state)
    : 'it was there before, and this product has not made it; to take it over, name it in the policy as secret of its key, with existing: true';
  if (reason === undefined) return state.arn;
  throw new SecretRefusedError(
    `secret ${secretName} cannot be used: ${reason}; nothing was changed`,
  );
}
