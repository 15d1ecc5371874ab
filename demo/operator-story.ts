import { randomUUID } from 'node:crypto';
import { callingArn } from '../cli/access/gateway-rules.js';
import { createDeployedFunctions } from '../cli/deployed-functions.js';
import { createStepRunner, type KeyRequest, supplyKey } from '../cli/keys/supply-key.js';
import { createSecretVersions } from '../governance/keys/secret-versions.aws.js';
import { ApiKey } from '../governance/mistral/api-key.js';
import {
  GATEWAY_KEY_NAME,
  type PlannedKey,
  plannedKeys,
} from '../governance/policy/planned-keys.js';
import type { Policy } from '../governance/policy/policy.js';
import { localAws } from '../testing/aws.js';
import type { World } from '../testing/world.js';
import { alertsOf, outcomesOf, type RunDocument, retirementOf } from './document.js';
import { currentKeyId, type Diary, type Stage } from './stage.js';
import type { Claim, Story } from './story.js';

/** After this time the operator stops retrying a key that Mistral rejects. */
const PATIENCE_MS = 10 * 60_000;

/** Which of a policy's keys takes which course. */
interface OperatorCast {
  /** Replaced on the day it is due, after two mistakes. */
  readonly promptly: PlannedKey;
  /** Replaced only after a reminder. */
  readonly late: PlannedKey;
  /** Supplied, and read by no service. */
  readonly unread: PlannedKey;
}

/** The first three keys of services; `undefined` where a policy has fewer. */
function castOf(policy: Policy): OperatorCast | undefined {
  const [promptly, late, unread] = plannedKeys(policy).filter(
    ({ key }) => key.name !== GATEWAY_KEY_NAME,
  );
  return promptly && late && unread ? { promptly, late, unread } : undefined;
}

/** Without the Admin API: an operator follows the alerts. */
export const OPERATOR_STORY: Story = {
  lacks(policy) {
    if (castOf(policy)) return undefined;
    return 'has fewer than three keys: the story of operator mode needs three. Name examples/operator.yaml with --policy.';
  },

  async play(stage) {
    const { world, diary, at } = stage;
    const { policy } = world;
    const cast = castOf(policy);
    if (!cast) throw new Error('the story needs a policy with three keys');
    const operator = createOperator(stage);

    await world.provision();
    // A deploy that changes something else does not request the keys again.
    await world.provision();
    const planned = plannedKeys(policy);
    at(0, 2, async () => {
      for (const one of planned) await operator.supply(one);
    });
    stage.auditNightly();
    stage.runService(cast.promptly.secretName, 4);
    stage.runService(cast.late.secretName, 4);
    stage.daily(5, () => callGateway(stage), { every: 5 });

    at(90, 0, async () => {
      await operator.supply(cast.promptly, () => currentKey(world, cast.promptly));
      await operator.supplyMistyped(cast.promptly);
      const served = [cast.promptly.secretName, cast.late.secretName];
      for (const one of planned) if (!served.includes(one.secretName)) await operator.supply(one);
    });
    at(93, 0, operator.deleteReplacedKeys);
    at(97, 0, () => operator.supply(cast.late));
    at(99, 0, operator.deleteReplacedKeys);
    await stage.playToEnd();
    return (document) => claims(document, { cast, diary, policy, deletions: operator.deletions });
  },
};

/** The operator's actions in Mistral's console and with `keys supply`. */
function createOperator({ world, secretsManager, announce }: Stage) {
  const { clock, policy, mistral } = world;
  const deps = {
    policy,
    secrets: createSecretVersions(secretsManager),
    runStep: createStepRunner(createDeployedFunctions(localAws(world.url)), 'rotation'),
    report() {},
    now: clock.now,
    newToken: randomUUID,
    sleep: clock.sleep,
  };
  const deletions: Date[] = [];

  function createKey({ workspace }: PlannedKey, { keyName, expiresOn }: KeyRequest): ApiKey {
    const { id: workspaceId, ownerUserId: userId = '' } = workspace;
    const { plaintext } = mistral.keys.create({ name: keyName, workspaceId, userId, expiresOn });
    return new ApiKey(plaintext);
  }

  async function supply(
    planned: PlannedKey,
    paste: (request: KeyRequest) => ApiKey = (request) => createKey(planned, request),
    again?: { readonly keyName: string | undefined },
  ): Promise<string | undefined> {
    const replace = again !== undefined;
    const { outcome, keyName } = await supplyKey(
      { ...deps, askForKey: async (request) => paste(request) },
      { planned, ...again, replace, compromised: false, patienceMs: PATIENCE_MS },
    );
    announce(`The operator supplies a key for ${planned.secretName}: ${outcome}`);
    return keyName;
  }

  return {
    deletions,
    supply,

    /** Pastes a new key with a typing error, then the right one, under the name it has. */
    async supplyMistyped(planned: PlannedKey): Promise<void> {
      let created: ApiKey | undefined;
      const keyName = await supply(planned, (request) => {
        created = createKey(planned, request);
        return new ApiKey([...created.reveal()].reverse().join(''));
      });
      await supply(planned, (request) => created ?? createKey(planned, request), { keyName });
    },

    /** Deletes in the console the keys that the last alerts named. */
    async deleteReplacedKeys(): Promise<void> {
      for (const execution of world.executions.all()) {
        const { oldKeyId } = retirementOf(execution);
        const key = mistral.keys.all().find(({ name }) => name === oldKeyId);
        if (execution.status !== 'RUNNING' || !key) continue;
        announce(`The operator deletes ${oldKeyId} in Mistral's console`);
        mistral.keys.delete(key.id);
        deletions.push(clock.now());
      }
    },
  };
}

/** The current key, which is still in the operator's clipboard. */
function currentKey(world: World, { secretName }: PlannedKey): ApiKey {
  const keyName = currentKeyId(world, secretName);
  const { plaintext } = world.mistral.keys.all().find(({ name }) => name === keyName) ?? {};
  return new ApiKey(plaintext ?? '');
}

/** A request of one caller, if the policy has a gateway and callers. */
async function callGateway({ world: { policy }, ask, checkSpend }: Stage): Promise<void> {
  const [caller] = policy.gateway.enabled ? policy.callers : [];
  if (caller) {
    const models = policy.roles[caller.role]?.models;
    const model = Array.isArray(models) ? models[0] : 'mistral-small-latest';
    const messages = [{ role: 'user', content: 'Where is my order?' }];
    await ask(callingArn(caller.principal), { model, messages });
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
  const { keys, findings, rotations, spend } = document;
  const { cast, diary, policy, deletions } = played;
  const { promptly, late, unread } = cast;
  const secrets = plannedKeys(policy).map(({ secretName }) => secretName);
  const requestsFor = ({ secretName }: PlannedKey) =>
    alertsOf(document, 'key-needed', secretName).length;
  const closings = alertsOf(document, 'key-revoked', promptly.secretName).map(({ at }) => at);
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
    [
      'the next keys were requested once after 90 days, and again after 7 more if none was supplied',
      requestsFor(promptly) === 2 && requestsFor(unread) === 2 && requestsFor(late) === 3,
    ],
    [
      `the current key of ${promptly.secretName}, pasted again, was rejected; a mistyped one never became current`,
      outcomesOf(document, promptly.secretName).join() ===
        'provisioned,operator key rejected,operator key not verified,replaced key revoked',
    ],
    [
      'the deletion of the replaced key was requested daily, until Mistral rejected it',
      alertsOf(document, 'deletion-needed', promptly.secretName).length === 2 &&
        closings.length === 1 &&
        (closings[0] ?? '') > (deletions[0]?.toISOString() ?? ''),
    ],
    [
      'Mistral rejected the key of no service, and no current key was ever deleted',
      diary.rejected.size === 0 &&
        keys.filter(({ status }) => status === 'current').length === secrets.length,
    ],
    [
      'no replaced key is left, and no retirement open',
      keys.every(({ status }) => status !== 'draining') &&
        rotations.every(({ outcome }) => outcome !== 'replaced key draining'),
    ],
    [
      `the audit found that no service reads ${unread.secretName}, and was complete every night`,
      findings.some(
        ({ type, subject }) => type === 'never-used' && subject === unread.secretName,
      ) &&
        diary.audits.every(({ problems }) => problems.length === 0) &&
        diary.audits.length >= 99,
    ],
    [
      'spend is the metered one; there is no billed spend to compare it with',
      spend.length > 0 &&
        spend.every(({ billed }) => billed === null) &&
        (!policy.gateway.enabled || spend.some(({ spent }) => spent > 0)),
    ],
  ];
}
