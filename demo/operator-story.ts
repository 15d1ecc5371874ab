import { randomUUID } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createDeployedFunctions } from '../cli/deployed-functions.js';
import {
  createSupplySteps,
  type KeyRequest,
  type Supplied,
  supplyKey,
} from '../cli/keys/supply-key.js';

import { createSecretVersions } from '../governance/keys/secret-versions.aws.js';
import { ApiKey } from '../governance/mistral/api-key.js';
import { DAY_MS } from '../governance/platform/utc-day.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { localAws } from '../testing/aws.js';
import { auditNightly } from '../testing/nightly-audits.js';
import { createService } from '../testing/service.js';
import type { World } from '../testing/world.js';
import { type Diary, keyIdOf, type Onlooker } from './hundred-days.js';

const DAYS = 100;
const DAYS_BETWEEN_CALLS = 5;
const HOUR_MS = 3_600_000;
/** When the operator gives up on a key that Mistral refuses. */
const PATIENCE_MS = 10 * 60_000;

/** Who of a policy's keys meets which fate. */
export interface OperatorCast {
  /** Replaced on the day it is due, after two mistakes. */
  readonly promptly: PlannedKey;
  /** Replaced only when the operator was reminded. */
  readonly late: PlannedKey;
  /** Supplied, and read by nobody. */
  readonly unread: PlannedKey;
}

/** The first three keys of services; `undefined` where a policy has fewer. */
export function operatorCast(policy: Policy): OperatorCast | undefined {
  const [promptly, late, unread] = plannedKeys(policy).filter(
    ({ key }) => key.name !== GATEWAY_KEY_NAME,
  );
  return promptly && late && unread ? { promptly, late, unread } : undefined;
}

export interface OperatorDiary extends Diary {
  readonly supplied: readonly (Supplied & { readonly secretName: string; readonly at: Date })[];
  /** When the operator deleted which key in the console, by its name. */
  readonly deleted: readonly { readonly at: Date; readonly keyName: string }[];
}

/** Plays a hundred days without the Admin API: a person answers what this system asks for. */
export async function playOperatorStory(
  world: World,
  cast: OperatorCast,
  onlooker: Onlooker,
  /** What callers of the gateway do, every few days. */
  workday: () => Promise<void>,
): Promise<OperatorDiary> {
  const { clock, policy, mistral } = world;
  const start = clock.now();
  const dayAt = (day: number, hour = 0) =>
    new Date(start.getTime() + day * DAY_MS + hour * HOUR_MS);
  const refusals: { at: Date; secretName: string }[] = [];
  const supplied: (Supplied & { secretName: string; at: Date })[] = [];
  const deleted: { at: Date; keyName: string }[] = [];
  const aws = localAws(world.url);
  const secretsManager = new SecretsManagerClient(aws);
  const functions = createDeployedFunctions(aws);

  function daily(hour: number, act: () => Promise<void>, everyDays = 1): void {
    for (let day = 0; day <= DAYS; day += everyDays) clock.at(dayAt(day, hour), act);
  }

  /** Makes the key in the console as it is asked for. */
  function makeKey({ workspace }: PlannedKey, { keyName, expiresOn }: KeyRequest): ApiKey {
    const { id: workspaceId, ownerUserId: userId } = workspace;
    const { plaintext } = mistral.keys.create({ name: keyName, workspaceId, userId, expiresOn });
    return new ApiKey(plaintext);
  }

  /** What `keys supply` does, at the same clients. */
  async function supply(
    planned: PlannedKey,
    paste: (request: KeyRequest) => ApiKey = (request) => makeKey(planned, request),
    again?: { readonly keyName: string | undefined },
  ): Promise<Supplied> {
    const result = await supplyKey(
      {
        policy,
        secrets: createSecretVersions(secretsManager),
        steps: createSupplySteps(functions, 'rotation'),
        askForKey: async (request) => paste(request),
        report() {},
        now: clock.now,
        newToken: randomUUID,
        sleep: clock.sleep,
      },
      {
        planned,
        ...again,
        replace: again !== undefined,
        compromised: false,
        patienceMs: PATIENCE_MS,
      },
    );
    const { secretName } = planned;
    supplied.push({ ...result, secretName, at: clock.now() });
    onlooker.tell(clock.now(), `the operator supplies a key for ${secretName}: ${result.outcome}`);
    return result;
  }

  /** Types a new key wrong, and then, under the name it has, right. */
  async function supplyMistyped(planned: PlannedKey): Promise<void> {
    let made: ApiKey | undefined;
    const { keyName } = await supply(planned, (request) => {
      made = makeKey(planned, request);
      return reversed(made);
    });
    await supply(planned, (request) => made ?? makeKey(planned, request), { keyName });
  }

  /** The one in charge, as it lies in the operator's clipboard. */
  function copyOfCurrent({ secretName }: PlannedKey): ApiKey {
    const keyName = keyIdOf(world, secretName);
    return new ApiKey(mistral.keys.all().find(({ name }) => name === keyName)?.plaintext ?? '');
  }

  /** Deletes in the console what the last alerts asked to delete. */
  async function deleteOldKeys(): Promise<void> {
    for (const { input, status } of world.executions.all()) {
      const { oldKeyId: keyName } = input as { readonly oldKeyId: string };
      const key = mistral.keys.all().find(({ name }) => name === keyName);
      if (status !== 'RUNNING' || !key) continue;
      onlooker.tell(clock.now(), `the operator deletes ${keyName} in the console`);
      mistral.keys.delete(key.id);
      deleted.push({ at: clock.now(), keyName });
    }
  }

  daily(0, async () =>
    onlooker.dayBegins(Math.round((clock.now().getTime() - start.getTime()) / DAY_MS)),
  );
  await world.provision();
  // A deploy that changes something else does not ask again.
  await world.provision();
  clock.at(dayAt(0, 2), async () => {
    for (const planned of plannedKeys(policy)) await supply(planned);
  });
  const { audits, findings } = auditNightly(world);
  const cacheSeconds = policy.rotation.readerCacheSeconds;
  for (const { secretName } of [cast.promptly, cast.late]) {
    const { now } = clock;
    const options = { secretName, secrets: secretsManager, apiUrl: world.url, now, cacheSeconds };
    const service = createService(options);
    daily(4, async () => {
      if (!(await service.work())) refusals.push({ at: clock.now(), secretName });
    });
  }
  daily(5, workday, DAYS_BETWEEN_CALLS);

  const others = plannedKeys(policy).filter(
    ({ secretName }) =>
      secretName !== cast.promptly.secretName && secretName !== cast.late.secretName,
  );
  clock.at(dayAt(90), async () => {
    await supply(cast.promptly, () => copyOfCurrent(cast.promptly));
    await supplyMistyped(cast.promptly);
    for (const planned of others) await supply(planned);
  });
  clock.at(dayAt(93), deleteOldKeys);
  clock.at(dayAt(97), () => supply(cast.late));
  clock.at(dayAt(99), deleteOldKeys);
  await clock.playUntil(dayAt(DAYS));
  secretsManager.destroy();
  return { audits, findings, refusals, supplied, deleted };
}

function reversed(key: ApiKey): ApiKey {
  return new ApiKey([...key.reveal()].reverse().join(''));
}
