import {
  operatorVersionId,
  recommendedExpiry,
  unverifiedVersion,
  verifiedVersion,
} from '../../governance/keys/operator/operator-secret.js';
import type { SecretVersions } from '../../governance/keys/secret-versions.aws.js';
import type { ApiKey } from '../../governance/mistral/api-key.js';
import { addDays, type IsoDate, utcDay } from '../../governance/platform/utc-day.js';
import { createdKeyName } from '../../governance/policy/key-name.js';
import type { PlannedKey } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { wrongInput } from '../failure.js';
import type { StepEnd, SupplySteps } from './supply-steps.js';

/** How a person should create the key, told before it is asked for. */
export interface KeyRequest {
  readonly keyName: string;
  readonly workspace: string;
  readonly expiresOn: IsoDate;
}

export interface SupplyDeps {
  readonly policy: Pick<Policy, 'rotation'>;
  readonly secrets: Pick<SecretVersions, 'describe' | 'putPending'>;
  readonly steps: SupplySteps;
  askForKey(request: KeyRequest): Promise<ApiKey>;
  /** Tells a step that was done, or what is waited for. */
  tell(line: string): void;
  readonly now: () => Date;
  readonly newToken: () => string;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export interface SupplyWish {
  readonly planned: PlannedKey;
  /** What the key is called at Mistral, where that is not what the command asked for. */
  readonly keyName?: string | undefined;
  readonly expiresOn?: IsoDate | undefined;
  /** Ask for a key although one supplied before waits to be verified. */
  readonly replace: boolean;
  /** The key in charge has leaked: have its deletion asked for as soon as the new one is. */
  readonly compromised: boolean;
  /** How long to go on trying a key that Mistral refuses. */
  readonly patienceMs: number;
}

export interface Supplied {
  readonly outcome: 'in charge' | 'refused' | 'undecided';
  readonly versionId: string;
  /** Whether no key was asked for, since one supplied before was waiting. */
  readonly resumed: boolean;
  /** Unknown of a key supplied before: nobody but its readers may look. */
  readonly keyName: string | undefined;
  readonly reason: string | undefined;
}

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Puts a key that a person made into its secret: stores it as pending, has it verified, and lets it
 * take over. What an attempt before this one left is gone on with.
 */
export async function supplyKey(deps: SupplyDeps, wish: SupplyWish): Promise<Supplied> {
  const { secretName } = wish.planned;
  const secret = await deps.secrets.describe(secretName);
  const waiting = unverifiedVersion(secret);
  if (waiting !== undefined && !wish.replace) {
    deps.tell(`a key was supplied before and is not verified yet: going on with it`);
    const end = await putInCharge(deps, wish, waiting);
    return { ...outcomeOf(end), versionId: waiting, resumed: true, keyName: undefined };
  }
  const versionId = operatorVersionId({
    token: deps.newToken(),
    isFirst: verifiedVersion(secret) === undefined,
    expiresOn: wish.expiresOn,
  });
  const keyName = await storeKey(deps, wish, versionId);
  const end = await putInCharge(deps, wish, versionId);
  return { ...outcomeOf(end), versionId, resumed: false, keyName };
}

async function storeKey(deps: SupplyDeps, wish: SupplyWish, versionId: string): Promise<string> {
  const { policy, secrets, now } = deps;
  const { workspace, key, secretName } = wish.planned;
  const request = {
    keyName: wish.keyName ?? createdKeyName(key.name, utcDay(now()), versionId),
    workspace: workspace.name,
    expiresOn: recommendedExpiry(policy, wish.planned, now()),
  };
  refuseEarlyExpiry(wish, now());
  const apiKey = await deps.askForKey(request);
  if (request.keyName.includes(apiKey.reveal())) {
    throw wrongInput('the name given with --name is or contains the key itself: give its name');
  }
  const stored = await secrets.putPending(secretName, versionId, {
    apiKey,
    keyId: request.keyName,
    workspace: workspace.name,
    workspaceId: workspace.id,
    createdAt: now(),
    expiresAt: wish.expiresOn,
  });
  if (stored === 'taken') throw new Error(`version ${versionId} holds another value already`);
  deps.tell(`stored as version ${versionId}, not in charge yet`);
  return request.keyName;
}

/** The next key is asked for once this one is due: it must not have expired by then. */
function refuseEarlyExpiry({ expiresOn, planned }: SupplyWish, now: Date): void {
  const dueOn = addDays(utcDay(now), planned.key.rotateEveryDays);
  if (expiresOn === undefined || expiresOn > dueOn) return;
  throw wrongInput(
    `--expires ${expiresOn} is before the next key is asked for: must be after ${dueOn} (rotateEveryDays of the policy is ${planned.key.rotateEveryDays})`,
  );
}

async function putInCharge(
  { steps, now, sleep, tell }: SupplyDeps,
  { planned: { secretName }, patienceMs, compromised }: SupplyWish,
  versionId: string,
): Promise<StepEnd> {
  const deadline = now().getTime() + patienceMs;
  let isTold = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const end = await steps.run('testSecret', secretName, versionId);
    if (end.kind === 'done') break;
    if (end.kind === 'refused' || now().getTime() + pause > deadline) return end;
    if (!isTold) tell('Mistral refuses the key, as it may for some minutes: trying again');
    isTold = true;
    await sleep(pause);
  }
  tell('verified');
  return await steps.run('finishSecret', secretName, versionId, { compromised });
}

function outcomeOf(end: StepEnd): Pick<Supplied, 'outcome' | 'reason'> {
  if (end.kind === 'done') return { outcome: 'in charge', reason: undefined };
  return { outcome: end.kind, reason: end.reason };
}
