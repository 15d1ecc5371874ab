import * as z from 'zod';
import type { KeyDeps } from '../../governance/keys/key-deps.js';
import { hasNextKey } from '../../governance/keys/promotion.js';
import { type RemovalDeps, retireRemoved } from '../../governance/keys/removed-keys.js';
import { type SecretState, versionAt } from '../../governance/keys/rotation.js';
import {
  type DescribedSecret,
  isRotating,
  loadOf,
  roomFor,
} from '../../governance/keys/rotation-limits.js';
import type { SecretRotations } from '../../governance/keys/secret-rotations.aws.js';
import { readOwnKey } from '../../governance/keys/stored-keys.js';
import { createFailures, type Failures } from '../../governance/platform/failures.js';
import { mapBounded } from '../../governance/platform/map-bounded.js';
import { HOUR_MS } from '../../governance/platform/utc-day.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import { rotationTimes } from '../../governance/policy/rotation-times.js';

export interface ProvisionKeysDeps extends RemovalDeps, Pick<KeyDeps, 'sleep'> {
  readonly rotations: Pick<SecretRotations, 'start'>;
}

export interface Provisioning {
  readonly started: readonly string[];
  /** Secrets without a key whose first rotation was started before and has not finished. */
  readonly inProgress: readonly string[];
  /** Secrets without a key whose first rotation waits for the limits of the policy. */
  readonly waiting: readonly string[];
  /** Secrets whose next key was held, and may become current now. */
  readonly resumed: readonly string[];
  /** Secrets that left the policy, whose keys are now being retired. */
  readonly retiring: readonly string[];
}

/** Secrets Manager tries a new schedule for some seconds, and starts no rotation meanwhile. */
const ATTEMPTS = 10;
const PAUSE_MS = 10_000;
const DESCRIBED_AT_ONCE = 8;

/** The schedule's event; a deploy's has no such field. */
const HourlySchema = z.object({ run: z.literal('hourly') });

/**
 * Runs with each deploy that changed the policy or the code: retires the keys of secrets that left the policy, and
 * starts the rotation that creates a secret's first key, as many of them as the policy's limits leave room for. Each
 * hour, it starts those that had to wait, once each, and has Secrets Manager finish rotations that were held. Other
 * secrets are left alone.
 */
export function createProvisionKeysHandler(deps: ProvisionKeysDeps) {
  return async (event?: unknown): Promise<Provisioning> => {
    const failures = createFailures(deps.log);
    const isHourly = HourlySchema.safeParse(event).success;
    const retiring = isHourly ? [] : await retireRemoved(deps, failures);
    const resumed = isHourly ? await resumeHeld(deps, failures) : [];
    const rotations = await startFirstRotations(deps, failures, isHourly);
    const provisioning = { ...rotations, resumed, retiring };
    deps.log.info('keys provisioned', { ...provisioning });
    failures.throwIfAny();
    return provisioning;
  };
}

/**
 * Asks for the rotations that wait for the window to open or a freeze to end, of which Secrets Manager then attempts
 * the same ones again. While they wait, once a day: a current key may be about to expire, or not work any more.
 */
async function resumeHeld(deps: ProvisionKeysDeps, failures: Failures): Promise<readonly string[]> {
  const { rotation } = deps.policy;
  const at = deps.now();
  if (rotation.window === undefined && rotation.freeze.length === 0) return [];
  if (!rotationTimes(rotation).isOpen(at.getTime()) && at.getUTCHours() !== 0) return [];
  const secrets = await describeAll(deps, new Set(), failures);
  const held = secrets.filter(({ state, hasKey }) => hasKey && hasNextKey(state));
  const most = rotation.atOnce * ATTEMPTS;
  // Others first in the next hour, should these not end.
  const first = (Math.floor(at.getTime() / HOUR_MS) * most) % Math.max(1, held.length);
  const turn = [...held.slice(first), ...held.slice(0, first)].slice(0, most);
  for (const [index, { name }] of turn.entries()) {
    if (index > 0 && index % rotation.atOnce === 0) await deps.sleep(PAUSE_MS);
    await failures.attempt('held rotation not resumed', name, () => deps.rotations.start(name));
  }
  return turn.map(({ name }) => name);
}

async function startFirstRotations(
  deps: ProvisionKeysDeps,
  failures: Failures,
  isHourly: boolean,
): Promise<Pick<Provisioning, 'started' | 'inProgress' | 'waiting'>> {
  const { policy, rotations, register, now } = deps;
  const started: string[] = [];
  const failed = new Set<string>();
  const registered = new Map((await register.all()).map((one) => [one.secretName, one]));
  for (let attempt = 1; ; attempt += 1) {
    const secrets = await describeAll(deps, failed, failures);
    const keyless = secrets.filter(
      ({ name, hasKey }) =>
        // One that was started and has failed is tried again by Secrets Manager, and by the next deploy.
        !hasKey && !started.includes(name) && !(isHourly && registered.get(name)?.startedAt),
    );
    // Those in progress have taken their room already.
    const [begun = [], others = []] = [true, false].map((has) =>
      keyless.filter(({ state }) => isRotating(state) === has),
    );
    const isFrozen = rotationTimes(policy.rotation).freezeAt(now().getTime()) !== undefined;
    const room = isFrozen ? 0 : roomFor(loadOf(secrets, started, now()), policy.rotation);
    const inProgress: string[] = [];
    for (const { name } of [...begun, ...others.slice(0, room)]) {
      const outcome = await failures.attempt('first rotation not started', name, () =>
        rotations.start(name),
      );
      if (outcome === 'in progress') inProgress.push(name);
      else if (outcome !== 'started') failed.add(name);
      else {
        started.push(name);
        const known = registered.get(name);
        const startedAt = now().toISOString();
        if (known) await register.put({ ...known, startedAt });
      }
    }
    const waiting = others.slice(room).map(({ name }) => name);
    const isDone = inProgress.length === 0 && (waiting.length === 0 || isFrozen);
    if (isDone || attempt === ATTEMPTS) return { started, inProgress, waiting };
    await deps.sleep(PAUSE_MS);
  }
}

/** Every secret of the policy but those that were not to be described or started. */
async function describeAll(
  deps: ProvisionKeysDeps,
  failed: Set<string>,
  failures: Failures,
): Promise<readonly DescribedSecret[]> {
  const names = plannedKeys(deps.policy).map(({ secretName }) => secretName);
  const described = await mapBounded(names, DESCRIBED_AT_ONCE, async (name) => {
    if (failed.has(name)) return [];
    const secret = await failures.attempt('first rotation not started', name, async () => {
      const state = await deps.secrets.describe(name);
      return { name, state, hasKey: await holdsKey(deps.secrets, state) };
    });
    if (secret === undefined) failed.add(name);
    return secret ? [secret] : [];
  });
  return described.flat();
}

/** AWS does not say that no empty version, which a trial of the schedule makes, is ever current. */
async function holdsKey(
  secrets: ProvisionKeysDeps['secrets'],
  state: SecretState,
): Promise<boolean> {
  const current = versionAt(state, 'AWSCURRENT');
  if (current === undefined || state.lastRotatedAt) return current !== undefined;
  let isForeign = false;
  const key = await readOwnKey(secrets, state.arn, current, () => {
    isForeign = true;
  });
  return key !== undefined || isForeign;
}
