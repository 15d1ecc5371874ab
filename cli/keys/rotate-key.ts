import type { SecretRotations } from '../../lambdas/adapters/secret-rotations.js';
import type { SecretVersions } from '../../lambdas/adapters/secret-versions.js';
import type { PlannedKey } from '../../lambdas/domain/planned-keys.js';
import { type SecretState, versionAt } from '../../lambdas/domain/rotation.js';
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
  readonly keyId: string;
  readonly end: RetirementEnd;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** The flow of the old key starts right after the new one has taken over. */
const LOOKS_FOR_FLOW = 10;

/**
 * Asks Secrets Manager for a rotation and waits until the new key is in charge.
 *
 * @throws CommandFailure where that takes longer than `timeoutMs`; the rotation goes on
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
  if (asked === 'under way') tell('a rotation was under way already: waiting for that one');

  const deadline = now().getTime() + timeoutMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    await sleep(pause);
    const state = await secrets.describe(secretName);
    const newVersionId = versionAt(state, 'AWSCURRENT');
    if (newVersionId !== undefined && newVersionId !== oldVersionId) {
      return { oldVersionId, newVersionId };
    }
    if (now().getTime() >= deadline) throw notFinished(secretName, state);
  }
}

function notFinished(secretName: string, state: SecretState): CommandFailure {
  const pending = versionAt(state, 'AWSPENDING');
  const where =
    pending === undefined
      ? 'the new key was withdrawn, and rotation-failed says why'
      : `version ${pending} is still pending, and Secrets Manager goes on trying`;
  return new CommandFailure(
    'rotation_not_finished',
    EXIT.no,
    `the rotation of ${secretName} has not finished in time: ${where}; the key in charge is the one before`,
  );
}

/** Old keys of one secret that wait for their end, the one among them that this version replaced. */
export async function replacedKeys(
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
