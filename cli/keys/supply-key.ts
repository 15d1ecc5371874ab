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
import type { DeployedFunctions, FunctionEnd } from '../deployed-functions.js';
import { CommandFailure, EXIT, wrongInput } from '../failure.js';

/** How to create the key in Mistral's console. */
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
  /** Prints a step that is done, or what the command waits for. */
  report(line: string): void;
  readonly now: () => Date;
  readonly newToken: () => string;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export interface SupplyOrder {
  readonly planned: PlannedKey;
  /** The name of the key at Mistral, where it is not the requested one. */
  readonly keyName?: string | undefined;
  readonly expiresOn?: IsoDate | undefined;
  /** Ask for a key although an earlier one is not verified yet. */
  readonly replace: boolean;
  /** The current key has leaked: request its deletion as soon as the new key is current. */
  readonly compromised: boolean;
  /** How long to retry a key that Mistral rejects. */
  readonly patienceMs: number;
}

export interface Supplied {
  readonly outcome: 'promoted' | 'rejected' | 'undecided';
  readonly versionId: string;
  /** Whether the command continued with an earlier key instead of asking for one. */
  readonly resumed: boolean;
  /** Unknown for an earlier key: this command may not read the secret. */
  readonly keyName: string | undefined;
  readonly reason: string | undefined;
}

const FIRST_PAUSE_MS = 5000;
const MAX_PAUSE_MS = 60_000;

/**
 * Stores a key from Mistral's console as pending, verifies it and promotes it. Continues with the key
 * that an earlier run left pending.
 */
export async function supplyKey(deps: SupplyDeps, order: SupplyOrder): Promise<Supplied> {
  const { secretName } = order.planned;
  const secret = await deps.secrets.describe(secretName);
  const waiting = unverifiedVersion(secret);
  if (waiting !== undefined && !order.replace) {
    deps.report('an earlier key is not verified yet: continuing with that key');
    const end = await promote(deps, order, waiting);
    return { ...outcomeOf(end), versionId: waiting, resumed: true, keyName: undefined };
  }
  const versionId = operatorVersionId({
    token: deps.newToken(),
    isFirst: verifiedVersion(secret) === undefined,
    expiresOn: order.expiresOn,
  });
  const keyName = await storeKey(deps, order, versionId);
  const end = await promote(deps, order, versionId);
  return { ...outcomeOf(end), versionId, resumed: false, keyName };
}

async function storeKey(deps: SupplyDeps, order: SupplyOrder, versionId: string): Promise<string> {
  const { policy, secrets, now } = deps;
  const { workspace, key, secretName } = order.planned;
  const request = {
    keyName: order.keyName ?? createdKeyName(key.name, utcDay(now()), versionId),
    workspace: workspace.name,
    expiresOn: recommendedExpiry(policy, order.planned, now()),
  };
  requireLateExpiry(order, now());
  const apiKey = await deps.askForKey(request);
  if (request.keyName.includes(apiKey.reveal())) {
    throw wrongInput('the value of --name contains the key itself: pass the name of the key');
  }
  const stored = await secrets.putPending(secretName, versionId, {
    apiKey,
    keyId: request.keyName,
    workspace: workspace.name,
    workspaceId: workspace.id,
    createdAt: now(),
    expiresAt: order.expiresOn,
  });
  if (stored === 'taken') throw new Error(`version ${versionId} already holds another value`);
  deps.report(`stored as version ${versionId}, not current yet`);
  return request.keyName;
}

/** A key must not expire before the next one is due. */
function requireLateExpiry({ expiresOn, planned }: SupplyOrder, now: Date): void {
  const dueOn = addDays(utcDay(now), planned.key.rotateEveryDays);
  if (expiresOn === undefined || expiresOn > dueOn) return;
  throw wrongInput(
    `--expires ${expiresOn} is too early: it must be after ${dueOn}, when the next key is due (rotateEveryDays is ${planned.key.rotateEveryDays})`,
  );
}

async function promote(
  { steps, now, sleep, report }: SupplyDeps,
  { planned: { secretName }, patienceMs, compromised }: SupplyOrder,
  versionId: string,
): Promise<StepEnd> {
  const deadline = now().getTime() + patienceMs;
  let isReported = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    const end = await steps.run('testSecret', secretName, versionId);
    if (end.kind === 'done') break;
    if (end.kind === 'rejected' || now().getTime() + pause > deadline) return end;
    if (!isReported) report('Mistral rejects the key, as it may for some minutes: retrying');
    isReported = true;
    await sleep(pause);
  }
  report('verified');
  return await steps.run('finishSecret', secretName, versionId, { compromised });
}

function outcomeOf(end: StepEnd): Pick<Supplied, 'outcome' | 'reason'> {
  if (end.kind === 'done') return { outcome: 'promoted', reason: undefined };
  return { outcome: end.kind, reason: end.reason };
}

/** How one step of the deployed rotation function ended. */
export type StepEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'undecided'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** The steps of a rotation, which Secrets Manager calls where keys rotate by themselves. */
export interface SupplySteps {
  /** @throws CommandFailure where the function failed for a reason other than the key */
  run(
    step: 'testSecret' | 'finishSecret',
    secretName: string,
    versionId: string,
    options?: { readonly compromised: boolean },
  ): Promise<StepEnd>;
}

export function createSupplySteps(
  functions: Pick<DeployedFunctions, 'call'>,
  functionName: string,
): SupplySteps {
  return {
    async run(step, secretName, versionId, { compromised } = { compromised: false }) {
      const event = {
        Step: step,
        SecretId: secretName,
        ClientRequestToken: versionId,
        ...(compromised && { Compromised: true }),
      };
      return stepEnd(step, await functions.call(functionName, event));
    },
  };
}

/** Function and command line agree on the names of errors. */
function stepEnd(step: string, end: FunctionEnd): StepEnd {
  if (end.kind === 'answered') return { kind: 'done' };
  const { errorType, errorMessage } = end;
  switch (errorType) {
    case 'NewKeyUndecidedError':
      return { kind: 'undecided', reason: errorMessage };
    case 'OperatorKeyRejectedError':
    case 'RotationRefusedError':
      return { kind: 'rejected', reason: errorMessage };
    default:
      throw new CommandFailure(
        'function_failed',
        EXIT.no,
        `step ${step} failed: ${errorType}: ${errorMessage}; run the command again to continue with the supplied key`,
      );
  }
}
