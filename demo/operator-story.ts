import { DAY_MS } from '../governance/platform/utc-day.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { callersOf } from './callers.js';
import { drainOf, serviceKeys } from './cast.js';
import { alertsOf, outcomesOf, type RunDocument } from './document.js';
import { createOperator, currentKey } from './operator.js';
import { DAYS, type Diary, type Stage } from './stage.js';
import type { Claim, Story } from './story.js';

/** Keys that come due once in the run, with time before and after. */
const SHORTEST_DAYS = 51;

/** Which of a policy's keys takes which course; it may have too few for all. */
interface OperatorCast {
  /** Replaced on the day it is due, after two mistakes. */
  readonly promptly: PlannedKey | undefined;
  /** Replaced only after a reminder. */
  readonly late: PlannedKey | undefined;
  /** Supplied, and read by no service. */
  readonly unread: PlannedKey | undefined;
  /** Supplied in time, as often as they are due. */
  readonly others: readonly PlannedKey[];
}

/** Keys of services before those of the gateway. */
function castOf(policy: Policy): OperatorCast {
  const { drainDays, lastDay } = drainOf(policy);
  const { remindEveryDays } = policy.audit;
  const planned = plannedKeys(policy);
  const fit = [...serviceKeys(policy), ...planned]
    .filter(
      (one, at, all) => all.findIndex(({ secretName }) => secretName === one.secretName) === at,
    )
    .filter(({ key }) => key.rotateEveryDays >= SHORTEST_DAYS && key.rotateEveryDays <= lastDay);
  const [promptly, ...rest] = fit;
  const late = rest.find(({ key }) => key.rotateEveryDays + remindEveryDays + drainDays <= DAYS);
  const unread = rest.find((one) => one !== late && one.key.name !== GATEWAY_KEY_NAME);
  const played = [promptly, late].map((one) => one?.secretName);
  const others = planned.filter(({ secretName }) => !played.includes(secretName));
  return { promptly, late, unread, others };
}

/** Without the Admin API: an operator follows the alerts. */
export const OPERATOR_STORY: Story = {
  async play(stage) {
    const { world, diary, at, announce } = stage;
    const { policy } = world;
    const cast = castOf(policy);
    const { drainDays } = drainOf(policy);
    const operator = createOperator(stage);

    await world.provision();
    // A deploy that changes something else does not request the keys again.
    await world.provision();
    for (const missing of leftOut(cast)) announce(`Not played with this policy: ${missing}`);
    at(0, 2, async () => {
      for (const one of plannedKeys(policy)) await operator.supply(one);
    });
    stage.auditNightly();
    stage.daily(5, () => callGateway(stage), { every: 5 });

    const { promptly, late, others } = cast;
    if (promptly) {
      const day = promptly.key.rotateEveryDays;
      stage.runService(promptly.secretName, 4);
      at(day, 0, async () => {
        await operator.supply(promptly, () => currentKey(world, promptly));
        await operator.supplyMistyped(promptly);
      });
      at(day + drainDays, 0, () => operator.deleteReplacedKeys(promptly));
    }
    if (late) {
      const day = late.key.rotateEveryDays + policy.audit.remindEveryDays;
      stage.runService(late.secretName, 4);
      at(day, 0, () => operator.supply(late));
      at(day + drainDays - 1, 0, () => operator.deleteReplacedKeys(late));
    }
    for (const one of others) {
      const { rotateEveryDays } = one.key;
      for (let day = rotateEveryDays; day + drainDays < DAYS; day += rotateEveryDays) {
        at(day, 0, () => operator.supply(one));
        at(day + drainDays, 0, () => operator.deleteReplacedKeys(one));
      }
    }
    await stage.playToEnd();
    return (document) => claims(document, { cast, diary, policy, deletions: operator.deletions });
  },
};

function leftOut({ promptly, late, unread }: OperatorCast): readonly string[] {
  const courses = {
    'a key that is replaced in time, after two mistakes': promptly,
    'a key that is replaced after a reminder': late,
    'a key that no service reads': unread,
  };
  return Object.entries(courses).flatMap(([course, key]) => (key ? [] : [course]));
}

/** A request of one caller, if the policy has a gateway and callers. */
async function callGateway({ world, ask, checkSpend }: Stage): Promise<void> {
  const [actor] = callersOf(world.policy, () => world.clock.now().getTime()).actors;
  if (actor) {
    const messages = [{ role: 'user', content: 'Where is my order?' }];
    await ask(actor.arn(), { model: actor.model, messages });
  }
  await checkSpend();
}

interface Played {
  readonly cast: OperatorCast;
  readonly diary: Diary;
  readonly policy: Policy;
  /** When the operator deleted keys in the console. */
  readonly deletions: readonly Date[];
}

function claims(document: RunDocument, played: Played): readonly Claim[] {
  const { keys, rotations, spend } = document;
  const { diary, policy } = played;
  const { lastDay } = drainOf(policy);
  const secrets = plannedKeys(policy).map(({ secretName }) => secretName);
  const endMs = diary.startedAt.getTime() + lastDay * DAY_MS;
  return [
    [
      'no function called the Admin API, and no secret holds a key for it',
      diary.adminCalls.length === 0 && !secrets.includes(policy.mistral.adminKeySecret),
    ],
    [
      'two deploys requested the first key of every secret, once, with the command to run',
      secrets.every((name) => {
        const command = `keys supply ${name.replace('mistral/', '')}`;
        return alertsOf(document, 'key-needed', name)[0]?.bodies.email?.includes(command);
      }),
    ],
    [
      'every operator-supplied key worked before it became current',
      secrets.every((name) => outcomesOf(document, name)[0] === 'provisioned'),
    ],
    ...courseClaims(document, played),
    [
      'Mistral rejected the key of no service, and no current key was ever deleted',
      diary.rejected.size === 0 &&
        keys.filter(({ status }) => status === 'current').length === secrets.length,
    ],
    [
      'no replaced key is left that should be gone, and no retirement of one open',
      rotations.every(
        ({ outcome, startedAt }) =>
          outcome !== 'replaced key draining' || Date.parse(startedAt) > endMs,
      ),
    ],
    [
      `the audit ran ${diary.audits.length} times as scheduled, and was complete`,
      diary.audits.every(({ problems }) => problems.length === 0) &&
        diary.audits.length === diary.auditsDue,
    ],
    [
      'spend is the metered one; there is no billed spend to compare it with',
      spend.every(({ billed }) => billed === null) &&
        (diary.answered === 0 || spend.length === 0 || spend.some(({ spent }) => spent > 0)),
    ],
  ];
}

function courseClaims(
  document: RunDocument,
  { cast, diary, policy, deletions }: Played,
): readonly Claim[] {
  const { promptly, late, unread } = cast;
  const { remindEveryDays, staleAfterDays } = policy.audit;
  const requestsFor = ({ secretName }: PlannedKey) =>
    alertsOf(document, 'key-needed', secretName).length;
  const claims: Claim[] = [];
  if (diary.auditsDue >= DAYS - 1 && promptly) {
    const again = late ? `, and again after ${remindEveryDays} more if none was supplied` : '';
    claims.push([
      `the next keys were requested once when they were due${again}`,
      [promptly, unread].every((one) => one === undefined || requestsFor(one) === 2) &&
        (late === undefined || requestsFor(late) === 3),
    ]);
  }
  if (promptly) {
    const closings = alertsOf(document, 'key-revoked', promptly.secretName).map(({ at }) => at);
    claims.push(
      [
        `the current key of ${promptly.secretName}, pasted again, was rejected; a mistyped one never became current`,
        outcomesOf(document, promptly.secretName).join() ===
          'provisioned,operator key rejected,operator key not verified,replaced key revoked',
      ],
      [
        'the deletion of the replaced key was requested, and again the next day, until Mistral rejected it',
        alertsOf(document, 'deletion-needed', promptly.secretName).length === 2 &&
          closings.length === 1 &&
          (closings[0] ?? '') > (deletions[0]?.toISOString() ?? ''),
      ],
    );
  }
  if (unread && staleAfterDays < SHORTEST_DAYS) {
    const { secretName } = unread;
    claims.push([
      `the audit found that no service reads ${secretName}`,
      document.findings.some(
        ({ type, subject }) => type === 'never-used' && subject === secretName,
      ),
    ]);
  }
  return claims;
}
