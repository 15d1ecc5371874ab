import { SecretGoneError } from '../platform/errors.js';
import type { Failures } from '../platform/failures.js';
import type { Log } from '../platform/log.js';
import { mapBounded } from '../platform/map-bounded.js';
import { plannedKeys } from '../policy/planned-keys.js';
import type { Policy } from '../policy/policy.js';
import { firstCheckAt, type RemovedKey, retirementRules } from './retirement.js';
import type { Retirements } from './retirements.aws.js';
import type { SecretState } from './rotation.js';
import type { RegisteredSecret, SecretRegister } from './secret-register.aws.js';
import type { SecretVersions } from './secret-versions.aws.js';
import { readOwnKey } from './stored-keys.js';

export interface RemovalDeps {
  readonly policy: Policy;
  readonly secrets: Pick<SecretVersions, 'describe' | 'read'>;
  readonly register: SecretRegister;
  readonly retirements: Pick<Retirements, 'start'>;
  readonly log: Log;
  readonly now: () => Date;
}

const WRITES_AT_ONCE = 8;

/**
 * Registers the secrets of the policy, and starts the retirement of the keys of those that left it. A
 * secret is forgotten only when its flows have started, so that a crash in between starts them again.
 */
export async function retireRemoved(
  deps: RemovalDeps,
  failures: Failures,
): Promise<readonly string[]> {
  const planned = new Set(plannedKeys(deps.policy).map(({ secretName }) => secretName));
  await registerPlanned(deps, failures);
  const retiring: string[] = [];
  for (const secret of await deps.register.all()) {
    const { secretName } = secret;
    if (planned.has(secretName)) continue;
    await failures.attempt('removed key not retired', secretName, async () => {
      if (await retire(deps, secret)) retiring.push(secretName);
      await deps.register.forget(secretName);
    });
  }
  return retiring;
}

async function registerPlanned(
  { policy, register, now }: RemovalDeps,
  failures: Failures,
): Promise<void> {
  const plannedAt = now().toISOString();
  await mapBounded(plannedKeys(policy), WRITES_AT_ONCE, ({ secretName, workspace }) =>
    failures.attempt('secret not registered', secretName, () =>
      register.put({ secretName, workspace: workspace.name, plannedAt }),
    ),
  );
}

/** Whether there was a key to retire. Of what cannot be read, the audit reports the key. */
async function retire(deps: RemovalDeps, secret: RegisteredSecret): Promise<boolean> {
  const { policy, retirements, now } = deps;
  const { secretName } = secret;
  const warn = (reason: string) =>
    deps.log.warn('removed key not retired', { secret: secretName, reason });
  const state = await deps.secrets.describe(secretName).catch((error: unknown) => {
    if (!(error instanceof SecretGoneError)) throw error;
    warn(error.message);
  });
  if (!state) return false;
  const keys: OldKey[] = [];
  for (const versionId of versionsToRetire(state)) {
    const key = await readOwnKey(deps.secrets, state.arn, versionId, warn);
    if (key) keys.push({ keyId: key.keyId, versionId });
  }
  for (const key of keys) {
    const retirement = planRemoval(policy.rotation, secret, state, key, now());
    await retirements.start(removalName(secret, key.versionId), retirement);
  }
  return keys.length > 0;
}

interface OldKey {
  readonly keyId: string;
  readonly versionId: string;
}

/**
 * The name of the flow that retires a version's key: the same however often one removal is handled,
 * another one after the key was back in the policy.
 */
export function removalName({ plannedAt }: RegisteredSecret, versionId: string): string {
  // Step Functions takes 80 characters, and a version's id alone has up to 64.
  const seconds = Math.floor(Date.parse(plannedAt) / 1000).toString(36);
  return `removed-${seconds}-${versionId}`;
}

/**
 * The versions whose keys nothing else will revoke. The previous key (AWSPREVIOUS) is retired by the
 * flow of the rotation that replaced it.
 */
export function versionsToRetire({ stagesByVersion }: SecretState): readonly string[] {
  return Object.entries(stagesByVersion)
    .filter(([, stages]) => stages.includes('AWSCURRENT') || stages.includes('AWSPENDING'))
    .map(([versionId]) => versionId);
}

function planRemoval(
  rotation: Policy['rotation'],
  { workspace }: RegisteredSecret,
  { arn, name }: SecretState,
  key: OldKey,
  removedAt: Date,
): RemovedKey {
  return {
    reason: 'removed',
    secretId: arn,
    secretName: name,
    workspace,
    oldKeyId: key.keyId,
    oldVersionId: key.versionId,
    promotedAt: removedAt.toISOString(),
    checkAt: firstCheckAt(removedAt, rotation),
    rules: retirementRules(rotation),
  };
}
