import { SecretRefusedError, SecretValueError } from '../platform/errors.js';
import { shell } from '../platform/quoting.js';
import { formatOf, type PlannedKey } from '../policy/planned-keys.js';
import { findCurrent, type IdentifyDeps } from './identify-key.js';
import { type Statement, withStatements } from './policy-statements.js';
import { type SecretState, versionAt } from './rotation.js';
import { formatText } from './secret-format.js';
import type { SecretPolicies } from './secret-policies.aws.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { describeExisting } from './stored-keys.js';

export interface TakeOverDeps extends IdentifyDeps {
  readonly secrets: Pick<SecretVersions, 'describe' | 'read' | 'identify'>;
  readonly policies: SecretPolicies;
  /** The function that rotates this product's secrets. */
  readonly rotationFunctionArn: string;
}

/**
 * Takes over a secret that is there already: its key is found at Mistral, and the statements are added to its policy. All
 * that speaks against it is found before anything is changed.
 *
 * @throws SecretRefusedError naming the secret and its key in the policy
 */
export async function takeOver(
  deps: TakeOverDeps,
  planned: PlannedKey,
  statements: readonly Statement[],
): Promise<SecretState> {
  const { secretName, workspace, key } = planned;
  try {
    const state = await describeExisting(deps.secrets, secretName);
    const reason = state
      ? reasonAgainst(deps, planned, state)
      : 'it does not exist in this account and region';
    if (!state || reason !== undefined) throw new SecretRefusedError(reason ?? '');
    const before = await deps.policies.get(state.arn);
    const after = withStatements(before, statements);
    const found = await findCurrent(deps, planned, state);
    await refuseOtherJson(deps, planned, state);
    if (after !== undefined && after !== before) await deps.policies.put(state.arn, after);
    if (found) await deps.secrets.identify(state.arn, found.versionId, found.label);
    return state;
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    throw new SecretRefusedError(
      `secret ${secretName} cannot be taken over for key ${workspace.name}/${key.name}: ${reason}; nothing was changed`,
      { cause: error },
    );
  }
}

/** Takes away what `takeOver` added to the policy of a secret. The secret and its key stay. */
export async function release(
  { secrets, policies }: Pick<TakeOverDeps, 'secrets' | 'policies'>,
  secretName: string,
): Promise<void> {
  const state = await describeExisting(secrets, secretName);
  const before = state && (await policies.get(state.arn));
  if (!state || before === undefined) return;
  const after = withStatements(before, []);
  if (after === undefined) await policies.delete(state.arn);
  else await policies.put(state.arn, after);
}

function reasonAgainst(
  { rotationFunctionArn }: TakeOverDeps,
  planned: PlannedKey,
  state: SecretState,
): string | undefined {
  const { rotationEnabled, rotatedBy, replicaOf } = state;
  if (state.isBeingDeleted) {
    return `it is being deleted; to keep it: ${shell`aws secretsmanager restore-secret --secret-id ${state.name}`}`;
  }
  if (replicaOf !== undefined) {
    return `it is a replica of the secret in ${replicaOf}, and can only be changed there`;
  }
  if (rotationEnabled && rotatedBy !== rotationFunctionArn) {
    return `${rotatedBy ?? 'its owner'} rotates it; to end that: ${shell`aws secretsmanager cancel-rotate-secret --secret-id ${state.name}`}`;
  }
  const format = formatOf(planned);
  const isEmpty = versionAt(state, 'AWSCURRENT') === undefined;
  return isEmpty && typeof format === 'object'
    ? `it holds no value yet, and so no ${formatText(format)}`
    : undefined;
}

/** In this product's own format, the value says itself which key it is. */
async function refuseOtherJson(
  deps: TakeOverDeps,
  planned: PlannedKey,
  state: SecretState,
): Promise<void> {
  const current = versionAt(state, 'AWSCURRENT');
  if (formatOf(planned) === 'json' && current !== undefined) {
    await deps.secrets.read(state.arn, current);
  }
}

const DENIED = ['AccessDeniedException', 'DecryptionFailure'];

/** What of an error is about the secret; of others, such as an outage, nothing is said. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof SecretRefusedError || error instanceof SecretValueError) {
    return error.message;
  }
  if (!(error instanceof Error && DENIED.includes(error.name))) return undefined;
  return `this product may not use it: ${error.name} by its resource policy, the policy of its KMS key, or an organization's`;
}
