import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ApiKey } from '../governance/mistral/api-key.js';
import { DAY_MS } from '../governance/platform/utc-day.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { localAws } from '../testing/aws.js';
import { auditNightly, type NightlyAudits } from '../testing/nightly-audits.js';
import { createCopier, createService, type Service } from '../testing/service.js';
import type { World } from '../testing/world.js';
import type { Traffic } from './traffic.js';

export const DAYS = 100;
const HOUR_MS = 3_600_000;
const WORK_EVERY_MS = DAY_MS;

/** What the people and programs of the story do; each of its keys meets another fate. */
export const CAST = {
  cleanly: 'mistral/dev-workspace/dev-team-key',
  stillInUse: 'mistral/ml-workspace/ml-team-key',
  neverValid: 'mistral/prod-workspace/checkout-service-key',
  goesBad: 'mistral/prod-workspace/search-service-key',
  /** Made by hand in the console, used for ten days. */
  forgotten: 'old-notebook',
  /** Made by hand in the console, never used. */
  neverUsed: 'hackathon',
} as const;

/** The keys of the story that a policy does not have; the gateway's own is one of them. */
export function missingCast(policy: Policy): readonly string[] {
  const planned = plannedKeys(policy).map(({ secretName }) => secretName);
  const { cleanly, stillInUse, neverValid, goesBad } = CAST;
  const needed = [cleanly, stillInUse, neverValid, goesBad, 'mistral/prod-workspace/gateway'];
  return needed.filter((secretName) => !planned.includes(secretName));
}

/** What happened that no part of the product records. */
export interface Diary extends NightlyAudits {
  /** Requests of services that were refused. */
  readonly refusals: readonly { readonly at: Date; readonly secretName: string }[];
}

/** What callers of the gateway do; the story says when. */
type Callers = Pick<Traffic, 'workday' | 'mistakes' | 'busyDay' | 'throttledProduction'>;

export interface Onlooker {
  /** Something of the story outside the product happened. */
  tell(at: Date, what: string): void;
  dayBegins(day: number): void;
}

/** Plays the hundred days: services work, a notebook keeps a copied key, audits run every night. */
export async function playHundredDays(
  world: World,
  onlooker: Onlooker,
  openTraffic: () => Promise<Callers>,
): Promise<Diary> {
  const { clock, policy, mistral } = world;
  const start = clock.now();
  const dayAt = (day: number, hour = 0) =>
    new Date(start.getTime() + day * DAY_MS + hour * HOUR_MS);
  const refusals: { at: Date; secretName: string }[] = [];
  const secrets = new SecretsManagerClient(localAws(world.url));

  function every(milliseconds: number, from: Date, until: Date, act: () => Promise<unknown>): void {
    if (from > until) return;
    clock.at(from, async () => {
      await act();
      every(milliseconds, new Date(from.getTime() + milliseconds), until, act);
    });
  }

  async function workOf(service: Service): Promise<void> {
    if (await service.work()) return;
    refusals.push({ at: clock.now(), secretName: service.secretName });
  }

  function copyOf(keyId: string | undefined): ApiKey {
    return new ApiKey(mistral.keys.made.find(({ id }) => id === keyId)?.plaintext ?? '');
  }

  function makeByHand(name: string): string {
    const [workspace] = policy.workspaces;
    onlooker.tell(clock.now(), `somebody makes the key "${name}" by hand in the console`);
    return mistral.keys.create({
      name,
      workspaceId: workspace?.id ?? '',
      userId: workspace?.ownerUserId ?? '',
    }).id;
  }

  for (let day = 0; day <= DAYS; day += 1) {
    clock.at(dayAt(day), async () => onlooker.dayBegins(day));
  }
  await world.provision();
  await clock.playUntil(start);
  const { audits, findings } = auditNightly(world);
  const callers = await openTraffic();
  every(3 * DAY_MS, dayAt(0, 3), dayAt(DAYS), callers.workday);
  clock.at(dayAt(30, 5), callers.mistakes);
  clock.at(dayAt(40, 5), callers.busyDay);
  clock.at(dayAt(50, 5), callers.throttledProduction);
  for (const { secretName } of plannedKeys(policy).filter(isForServices)) {
    const { readerCacheSeconds: cacheSeconds } = policy.rotation;
    const { now } = clock;
    const service = createService({ secretName, secrets, apiUrl: world.url, now, cacheSeconds });
    every(WORK_EVERY_MS, dayAt(0, 1), dayAt(DAYS), () => workOf(service));
  }

  clock.at(dayAt(1), async () => {
    const notebook = createCopier(world.url, copyOf(makeByHand(CAST.forgotten)));
    every(DAY_MS, dayAt(1, 2), dayAt(11), () => notebook.work());
  });
  clock.at(dayAt(5), async () => void makeByHand(CAST.neverUsed));
  clock.at(dayAt(60), async () => {
    const unused = mistral.keys.all().find(({ name }) => name === CAST.neverUsed);
    onlooker.tell(clock.now(), `its owner deletes the key "${CAST.neverUsed}"`);
    mistral.keys.delete(unused?.id ?? '');
  });
  clock.at(dayAt(80), async () => {
    onlooker.tell(clock.now(), `a notebook copies the key of ${CAST.stillInUse}`);
    const notebook = createCopier(world.url, copyOf(keyIdOf(world, CAST.stillInUse)));
    every(DAY_MS, dayAt(80, 3), dayAt(95), () => notebook.work());
  });
  clock.at(dayAt(95, 4), async () => {
    onlooker.tell(clock.now(), `the notebook reads ${CAST.stillInUse} itself from now on`);
  });
  clock.at(dayAt(90, 7), async () => {
    onlooker.tell(clock.now(), `Mistral begins to refuse the new key of ${CAST.goesBad}`);
    mistral.keys.ruin(keyIdOf(world, CAST.goesBad));
  });
  clock.at(dayAt(93), async () => {
    onlooker.tell(clock.now(), `on-call rotates ${CAST.goesBad} again, as the alert says`);
    world.askForRotation(CAST.goesBad);
  });
  await clock.playUntil(dayAt(DAYS));
  secrets.destroy();
  return { audits, findings, refusals };
}

/** The gateway uses its own keys itself. */
function isForServices({ key }: PlannedKey): boolean {
  return key.name !== GATEWAY_KEY_NAME;
}

/** The id of the key that AWSCURRENT names. */
export function keyIdOf(world: World, secretName: string): string {
  const value = world.secrets.valueAt(secretName, 'AWSCURRENT');
  return value === undefined ? '' : JSON.parse(value).keyId;
}
