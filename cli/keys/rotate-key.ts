import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import type { SecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import type { RetirementEnd, RetirementFlows, RunningRetirement } from './retirement-flows.js';

export interface RotateDeps {
  readonly secrets: Pick<SecretVersions, 'describe'>;
  readonly rotations: SecretRotations;
  readonly flows: RetirementFlows;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly now: () => Date;
  /** Tells a step that was done. */
  readonly tell: (line: string) => void;
}

export interface Rotated {
  readonly oldVersionId: string | undefined;
  readonly newVersionId: string;
}

export interface Revoked {
  /** Unknown of a key whose retirement was not found. */
  readonly keyId: string | undefined;
  readonly end: RetirementEnd | 'not found';
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** The flow of the old key starts right after the new one has taken over. */
const LOOKS_FOR_FLOW = 10;

/**
 * Asks Secrets Manager for a rotation and waits until the new key is in charge.
 *
 * @throws CommandFailure where the new key is withdrawn, or that takes longer than `timeoutMs`
 */
export async function rotateKey(
  { secrets, rotations, sleep, now, tell }: RotateDeps,
  { secretName }: Pick<PlannedKey, 'secretName'>,
  timeoutMs: number,
): Promise<Rotated> {
  const before = await secrets.describe(secretName);
  if (!before.rotationEnabled) {
    throw new CommandFailure(
      'rotation_off',
      EXIT.no,
      `secret ${secretName} has no rotation: somebody cancelled it, or its deploy is not finished; deploy again`,
    );
  }
  const oldVersionId = versionAt(before, 'AWSCURRENT');
  const asked = await rotations.start(secretName);
  tell(
    asked === 'in progress'
      ? 'a rotation was under way already: waiting for that one'
      : 'asked Secrets Manager for a rotation: it goes on, whether this command waits or not',
  );

  const deadline = now().getTime() + timeoutMs;
  let wasPending = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    await sleep(pause);
    const state = await secrets.describe(secretName);
    const newVersionId = versionAt(state, 'AWSCURRENT');
    if (newVersionId !== undefined && newVersionId !== oldVersionId) {
      return { oldVersionId, newVersionId };
    }
    const isPending = versionAt(state, 'AWSPENDING') !== undefined;
    const isWithdrawn = wasPending && !isPending;
    if (isWithdrawn || now().getTime() >= deadline) throw notFinished(secretName, state);
    wasPending = isPending;
  }
}

function notFinished(secretName: string, state: SecretState): CommandFailure {
  const pending = versionAt(state, 'AWSPENDING');
  const why =
    pending === undefined
      ? 'there is no new key, or it was withdrawn: the alert rotation-failed says why'
      : `it has not finished in time: version ${pending} is still pending, and Secrets Manager goes on trying`;
  return new CommandFailure(
    'rotation_not_finished',
    EXIT.no,
    `no new key is in charge of ${secretName}, ${why}; the key before it still is`,
  );
}

/**
 * Revokes the key that a rotation replaced, and older ones of that secret that still wait, such as
 * what an earlier run has left that was interrupted.
 */
export async function revokeReplaced(
  deps: Omit<RotateDeps, 'rotations'>,
  secretName: string,
  { oldVersionId, newVersionId }: Rotated,
): Promise<readonly Revoked[]> {
  if (oldVersionId === undefined) return [];
  const { arn } = await deps.secrets.describe(secretName);
  const replaced = await replacedKeys(deps, arn, newVersionId);
  const revoked = await revokeAll(deps, replaced);
  const isFound = replaced.some(({ name }) => name === newVersionId);
  return isFound ? revoked : [...revoked, { keyId: undefined, end: 'not found' }];
}

async function replacedKeys(
  { flows, sleep }: Pick<RotateDeps, 'flows' | 'sleep'>,
  secretArn: string,
  newVersionId: string,
): Promise<readonly RunningRetirement[]> {
  for (let look = 1; ; look += 1) {
    const running = (await flows.running()).filter(
      ({ retirement }) => retirement.secretId === secretArn,
    );
    const isThere = running.some(({ name }) => name === newVersionId);
    if (isThere || look >= LOOKS_FOR_FLOW) return running;
    await sleep(FIRST_PAUSE_MS * look);
  }
}

/** One after the other: each is a person's decision, and few. */
export async function revokeAll(
  { flows, now, tell }: Pick<RotateDeps, 'flows' | 'now' | 'tell'>,
  retirements: readonly RunningRetirement[],
): Promise<readonly Revoked[]> {
  const revoked: Revoked[] = [];
  for (const waiting of retirements) {
    const keyId = waiting.retirement.oldKeyId;
    const end = await flows.revokeAtOnce(waiting, now());
    tell(`old key ${keyId}: ${end}`);
    revoked.push({ keyId, end });
  }
  return revoked;
}
