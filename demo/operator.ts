import { randomUUID } from 'node:crypto';
import { createDeployedFunctions } from '../cli/deployed-functions.js';
import { createStepRunner, type KeyRequest, supplyKey } from '../cli/keys/supply-key.js';
import { createSecretVersions } from '../governance/keys/secret-versions.aws.js';
import { ApiKey } from '../governance/mistral/api-key.js';
import type { PlannedKey } from '../governance/policy/planned-keys.js';
import { localAws } from '../testing/aws.js';
import type { World } from '../testing/world.js';
import { retirementOf } from './document.js';
import { currentKeyId, type Stage } from './stage.js';

/** After this time the operator stops retrying a key that Mistral rejects. */
const PATIENCE_MS = 10 * 60_000;

/** The operator's actions in Mistral's console and with `keys supply`. */
export function createOperator({ world, secretsManager, announce }: Stage) {
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

    /** Deletes in the console the keys of a secret that the last alerts named. */
    async deleteReplacedKeys({ secretName }: PlannedKey): Promise<void> {
      for (const execution of world.executions.all()) {
        const { oldKeyId, secretId } = retirementOf(execution);
        if (!secretId.includes(`:${secretName}-`)) continue;
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
export function currentKey(world: World, { secretName }: PlannedKey): ApiKey {
  const keyName = currentKeyId(world, secretName);
  const { plaintext } = world.mistral.keys.all().find(({ name }) => name === keyName) ?? {};
  return new ApiKey(plaintext ?? '');
}
