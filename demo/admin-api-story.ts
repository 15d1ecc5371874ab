import { ApiKey } from '../governance/mistral/api-key.js';
import { createKeyCopy } from '../testing/service.js';
import {
  COPY_MADE_DAYS,
  COPY_USED_DAYS,
  FORGOTTEN,
  FORGOTTEN_USED_UNTIL,
  keyClaims,
  NEVER_USED,
  NEVER_USED_DAYS,
} from './admin-api-claims.js';
import { type Cast, castOf, nameOnDay, serviceKeys } from './cast.js';
import { createGatewayCallers } from './gateway-callers.js';
import { currentKeyId, type Stage } from './stage.js';
import type { Story } from './story.js';

/** The story's days begin at 09:00 UTC. */
const UNTIL_MIDNIGHT = 15;
/** Any policy with the Admin API, as far as its keys and callers go. */
export const ADMIN_API_STORY: Story = {
  /** The first replacement of one key. */
  neverWorks(policy, start) {
    const { neverValid } = castOf(policy);
    const begin = neverValid && nameOnDay(neverValid, start);
    return (name, workspaceId) =>
      neverValid?.workspaceId === workspaceId && begin !== undefined && name.startsWith(begin);
  },

  async play(stage) {
    const { world, diary, at, daily, announce, checkSpend } = stage;
    const { clock, policy } = world;
    const cast = castOf(policy);
    const callers = createGatewayCallers(stage);

    await world.provision();
    await clock.playUntil(clock.now());
    for (const missing of [...callers.leftOut, ...leftOut(cast)]) {
      announce(`Not played with this policy: ${missing}`);
    }
    stage.auditNightly();
    for (const { secretName } of serviceKeys(policy)) stage.runService(secretName, 1);
    daily(3, callers.workday, { every: 3 });
    at(30, 5, callers.mistakes);
    at(40, 5, callers.busyDay);
    at(50, 5, callers.throttled);
    // The monitor sees every day begin, and after two weeks knows the batch well enough to forecast.
    daily(UNTIL_MIDNIGHT, checkSpend, { from: 66 });
    if (callers.isBatchPlayed) {
      at(69, 0, async () => announce('A nightly batch starts'));
      daily(UNTIL_MIDNIGHT + 2, callers.nightlyBatch, { from: 69, to: 92 });
    }
    createByHand(stage);
    playKeys(stage, cast);
    await stage.playToEnd();
    const evidence = await stage.verifyEvidence();
    return (document) => [
      ...keyClaims(document, diary, policy, cast),
      [
        `the evidence of ${evidence.manifests} audits is complete and unchanged`,
        evidence.manifests === diary.audits.length &&
          evidence.problems.length + evidence.notes.length === 0,
      ],
      ...callers.claims(document),
    ];
  },
};

function leftOut({ cleanly, stillInUse, neverValid, goesBad }: Cast): readonly string[] {
  const courses = {
    'a key that is replaced in time': cleanly,
    'a replaced key that is still in use': stillInUse,
    'a new key that never works': neverValid,
    'a new key that stops working': goesBad,
  };
  return Object.entries(courses).flatMap(([course, key]) => (key ? [] : [course]));
}

/** The keys that are created outside this system. */
function createByHand({ world, at, daily, announce }: Stage): void {
  const { mistral, policy } = world;
  function create(name: string): string {
    const [{ id: workspaceId = '', ownerUserId: userId = '' } = {}] = policy.workspaces;
    announce(`A developer creates the key "${name}" in Mistral's console`);
    return mistral.keys.create({ name, workspaceId, userId }).id;
  }
  at(1, 0, async () => {
    const notebook = createKeyCopy(world.url, plaintextOf(world, create(FORGOTTEN)));
    daily(2, notebook.work, { from: 1, to: FORGOTTEN_USED_UNTIL });
  });
  const [from, to] = NEVER_USED_DAYS;
  at(from, 0, async () => void create(NEVER_USED));
  at(to, 0, async () => {
    const unused = mistral.keys.all().find(({ name }) => name === NEVER_USED);
    announce(`Its owner deletes the key "${NEVER_USED}"`);
    mistral.keys.delete(unused?.id ?? '');
  });
}

function plaintextOf({ mistral }: Stage['world'], keyId: string): ApiKey {
  return new ApiKey(mistral.keys.made.find(({ id }) => id === keyId)?.plaintext ?? '');
}

function playKeys({ world, at, daily, announce }: Stage, cast: Cast): void {
  const { stillInUse, goesBad } = cast;
  for (const one of [cast.cleanly, stillInUse, cast.neverValid, goesBad]) {
    if (!one?.isEarly) continue;
    at(one.rotatedOn, 0, async () => {
      announce(`On-call rotates ${one.secretName}, which is not due before the end of this run`);
      world.requestRotation(one.secretName);
    });
  }
  if (stillInUse) {
    const { secretName, rotatedOn } = stillInUse;
    const [from, to] = [rotatedOn - COPY_MADE_DAYS, rotatedOn + cast.drainDays + COPY_USED_DAYS];
    at(from, 0, async () => {
      announce(`A notebook copies the key of ${secretName}`);
      const key = plaintextOf(world, currentKeyId(world, secretName));
      daily(3, createKeyCopy(world.url, key).work, { from, to });
    });
    at(to, 4, async () => announce(`The notebook reads the secret ${secretName} from now on`));
  }
  if (goesBad) {
    const { secretName, rotatedOn } = goesBad;
    at(rotatedOn, 7, async () => {
      announce(`Mistral begins to reject the new key of ${secretName}`);
      world.mistral.keys.breakKey(currentKeyId(world, secretName));
    });
    at(rotatedOn + cast.drainDays, 0, async () => {
      announce(`On-call rotates ${secretName} again, as the alert says`);
      world.requestRotation(secretName);
    });
  }
}
