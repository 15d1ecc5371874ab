import { judgePromotion } from '../../governance/keys/promotion.js';
import { rotateCommand } from '../../governance/keys/rotate-command.js';
import { blockingVersion, type SecretState, versionAt } from '../../governance/keys/rotation.js';
import type { SecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { Policy } from '../../governance/policy/policy.js';
import type { Cli } from '../cli.js';
import { CommandFailure, EXIT } from '../failure.js';
import type { RunningRetirement } from './retirement-flows.js';
import { type RevokeDeps, type Revoked, revokeAll } from './revoke-keys.js';

export interface RotateDeps extends RevokeDeps, Pick<Cli, 'sleep'> {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly rotations: SecretRotations;
  readonly policy: Pick<Policy, 'rotation'>;
}

/** How long to wait, and whether to replace the key although the policy lets none change now. */
export interface RotateRequest {
  readonly timeoutMs: number;
  readonly isUrgent: boolean;
}

export interface Rotated {
  readonly oldVersionId: string | undefined;
  readonly newVersionId: string;
}

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5000;
/** The retirement flow starts right after the new key was promoted. */
const MAX_FLOW_CHECKS = 10;

/**
 * Asks Secrets Manager for a rotation and waits until the new key is current.
 *
 * @throws CommandFailure where the new key is withdrawn, or that takes longer than `timeoutMs`
 */
export async function rotateKey(
  deps: RotateDeps,
  secretName: string,
  { timeoutMs, isUrgent }: RotateRequest,
): Promise<Rotated> {
  const { secrets, rotations, sleep, now, report } = deps;
  const before = await secrets.describe(secretName);
  if (!before.rotationEnabled) {
    throw new CommandFailure(
      'rotation_off',
      EXIT.no,
      `secret ${secretName} has no rotation: it was cancelled, or the deploy is not finished; deploy again`,
    );
  }
  await requireOpen(deps, before, isUrgent);
  const oldVersionId = versionAt(before, 'AWSCURRENT');
  const asked = await rotations.start(secretName);
  report(
    asked === 'started'
      ? 'started a rotation in Secrets Manager: it continues if this command is interrupted'
      : 'a rotation is already in progress: waiting for it to finish',
  );

  const deadline = now().getTime() + timeoutMs;
  let wasPending = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    await sleep(pause);
    const state = await secrets.describe(secretName);
    const newVersionId = versionAt(state, 'AWSCURRENT');
    const pending = versionAt(state, 'AWSPENDING');
    // A first key may be current before it is verified, and is pending until it is.
    const isVerified = oldVersionId !== undefined || pending !== newVersionId;
    if (newVersionId !== undefined && newVersionId !== oldVersionId && isVerified) {
      return { oldVersionId, newVersionId };
    }
    const isPending = pending !== undefined;
    const isWithdrawn = wasPending && !isPending;
    if (isWithdrawn || now().getTime() >= deadline) throw notFinished(secretName, state);
    wasPending = isPending;
  }
}

/** Nothing is started that would wait for days. */
async function requireOpen(
  { rotations, policy, now }: RotateDeps,
  secret: SecretState,
  isUrgent: boolean,
): Promise<void> {
  const reason = heldBecause(secret, policy, now());
  if (reason === undefined) return;
  if (isUrgent) return rotations.replaceNow(secret);
  throw rotationHeld(secret.name, `${reason}; run the command then, or with --now`);
}

/** Why the policy lets the key of a secret not be replaced now; `undefined` where it does. */
export function heldBecause(
  secret: SecretState,
  { rotation }: Pick<Policy, 'rotation'>,
  now: Date,
): string | undefined {
  const facts = { secret, expiresOn: undefined, isCompromised: false };
  const verdict = judgePromotion(facts, rotation, now);
  return verdict.kind === 'hold' ? verdict.reason : undefined;
}

export function rotationHeld(secretName: string, reason: string): CommandFailure {
  return new CommandFailure('rotation_held', EXIT.no, `${secretName}: ${reason}`);
}

function notFinished(secretName: string, state: SecretState): CommandFailure {
  const pending = versionAt(state, 'AWSPENDING');
  const why =
    pending === undefined
      ? 'there is no new key, or it was withdrawn: see the alert rotation-failed'
      : `the rotation did not finish in time: version ${pending} is still pending, and Secrets Manager keeps trying`;
  const unfinished = blockingVersion(state);
  return new CommandFailure(
    'rotation_not_finished',
    EXIT.no,
    `${secretName} has no new key, ${why}; the previous key is still current`,
    unfinished === undefined
      ? {}
      : {
          problems: [
            `where the label was left by hand, or nothing goes on: ${rotateCommand(secretName, unfinished)}`,
          ],
        },
  );
}

/**
 * Revokes the key that a rotation replaced, and earlier keys of that secret that still wait, such as
 * one that an interrupted run left.
 */
export async function revokeReplaced(
  deps: Omit<RotateDeps, 'rotations' | 'policy'>,
  secretName: string,
  { oldVersionId, newVersionId }: Rotated,
): Promise<readonly Revoked[]> {
  if (oldVersionId === undefined) return [];
  const { arn } = await deps.secrets.describe(secretName);
  const replaced = await replacedKeys(deps, arn, newVersionId);
  const revoked = await revokeAll(deps, replaced);
  const isFound = replaced.some((flow) => isOf(flow, newVersionId));
  return isFound ? revoked : [...revoked, { keyId: undefined, end: 'not found' }];
}

/** Of a key that several secrets had, the flow has a name of its own. */
function isOf({ name, retirement }: RunningRetirement, newVersionId: string): boolean {
  if (name === newVersionId) return true;
  return retirement.reason === 'replaced' && retirement.newVersionId === newVersionId;
}

async function replacedKeys(
  { flows, sleep }: Pick<RotateDeps, 'flows' | 'sleep'>,
  secretArn: string,
  newVersionId: string,
): Promise<readonly RunningRetirement[]> {
  for (let check = 1; ; check += 1) {
    const running = (await flows.running()).filter(
      ({ retirement }) => retirement.secretId === secretArn,
    );
    const isFound = running.some((flow) => isOf(flow, newVersionId));
    if (isFound || check >= MAX_FLOW_CHECKS) return running;
    await sleep(FIRST_PAUSE_MS * check);
  }
}
