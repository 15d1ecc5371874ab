import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { callFunction } from '../../cli/deployed-functions.js';
import { createStepRunner, supplyKey } from '../../cli/keys/supply-key.js';

import { createSecretVersions } from '../../governance/keys/secret-versions.aws.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { plannedKeys } from '../../governance/policy/planned-keys.js';
import type { Policy } from '../../governance/policy/policy.js';
import { localAws } from '../../testing/aws.js';
import type { Network } from '../../testing/network.js';
import type { World } from '../../testing/world.js';
import { anOperatorPolicy } from './builders.js';
import { OVER_LOOPBACK } from './fault-suite.js';
import { dayOf, type Story } from './stories.js';

export const REPLACED = 'mistral/prod-workspace/search-service-key';
const REMOVED = 'mistral/prod-workspace/checkout-service-key';
const AlertSchema = z.object({ facts: z.record(z.string(), z.string()) });

/**
 * A key is supplied and the replaced one deleted. Another one leaves the policy and is deleted too. The
 * operator repeats failed commands, and deletes exactly the requested keys in the console.
 */
export const OPERATOR_MODE: Story = {
  name: 'operator mode',
  policy: anOperatorPolicy((document) => {
    document.workspaces = document.workspaces.filter(
      ({ name }: { name: string }) => name === 'prod-workspace',
    );
    document.workspaces[0].overflowTo = [];
    document.callers = [];
  }),
  before: async (world) => {
    await again(() => world.provision());
    for (const secretName of [REMOVED, REPLACED]) await supply(world, secretName, 'first');
    await world.clock.playUntil(dayOf(90));
  },
  play: async (world) => {
    await supply(world, REPLACED, 'second');
    const without = withoutKey(world.policy, REMOVED);
    await again(() => world.deploy(without));
    for (let day = 91; day <= 100; day += 1) {
      world.clock.at(dayOf(day), async () => deleteWhatIsAskedFor(world));
    }
    await world.clock.playUntil(dayOf(100));
  },
  problems: ({ mistral, secrets, inbox, executions }) => [
    ...mistral.keys
      .all()
      .filter(({ name }) => name !== `${REPLACED}-second`)
      .map(({ name }) => `key ${name} was not asked to be deleted`),
    ...(secrets.valueAt(REPLACED, 'AWSPENDING') === undefined ? [] : ['a key stayed pending']),
    ...(executions.all().some(({ status }) => status === 'RUNNING') ? ['a flow stayed open'] : []),
    ...['Replaced key of', 'Removed key of']
      .filter((start) => !inbox.messages.some(({ subject }) => subject.includes(start)))
      .map((start) => `no alert says: ${start} ... is deleted`),
  ],
};

const ATTEMPTS = 4;
const ANSWER_MS = OVER_LOOPBACK.timeoutMs;
// A step may itself have waited in vain for one answer, and is not to be taken for dead then.
const LONGEST_STEP_MS = 2 * ANSWER_MS;

/** A deploy whose last step fails is repeated. */
async function again(act: () => Promise<void>): Promise<void> {
  await act().catch(act).catch(act);
}

/** `keys supply`, repeated while it fails; a key that is already current needs no repetition. */
export async function supply(world: World, secretName: string, which: string): Promise<void> {
  const planned = plannedKeys(world.policy).find((one) => one.secretName === secretName);
  if (!planned) throw new Error(`the policy has no key ${secretName}`);
  const keyName = `${secretName}-${which}`;
  const { id: workspaceId, ownerUserId: userId = '' } = planned.workspace;
  const { plaintext } = world.mistral.keys.create({ name: keyName, workspaceId, userId });
  let token = 0;

  const attempt = (network: Network) => {
    const aws = (requestTimeout: number) => ({
      ...localAws(network.url),
      maxAttempts: 1,
      requestHandler: { requestTimeout, throwOnRequestTimeout: true },
      ...network.aws,
    });
    const lambda = new LambdaClient(aws(LONGEST_STEP_MS));
    return supplyKey(
      {
        policy: world.policy,
        secrets: createSecretVersions(new SecretsManagerClient(aws(ANSWER_MS))),
        runStep: createStepRunner(
          { call: (name, event) => callFunction(lambda, name, event) },
          'rotation',
        ),
        askForKey: async () => new ApiKey(plaintext),
        report() {},
        now: world.clock.now,
        newToken: () => `${which}-${++token}-000000000000000000000000000000`,
        sleep: world.clock.sleep,
      },
      { planned, keyName, replace: false, compromised: false, patienceMs: 60_000 },
    );
  };

  for (let run = 0; run < ATTEMPTS; run += 1) {
    const supplied = await world.runProcess(attempt).catch(() => undefined);
    await world.clock.playUntil(world.clock.now());
    if (supplied?.outcome === 'promoted') return;
    if (supplied?.outcome === 'rejected' && !supplied.resumed) return;
  }
}

function deleteWhatIsAskedFor({ inbox, mistral }: World): void {
  for (const { attributes, bodies } of inbox.messages) {
    if (attributes.type !== 'deletion-needed') continue;
    const { facts } = AlertSchema.parse(JSON.parse(bodies.default ?? '{}'));
    const key = mistral.keys
      .all()
      .find(({ name }) => name === (facts['previous key'] ?? facts['removed key']));
    if (key) mistral.keys.delete(key.id);
  }
}

function withoutKey(policy: Policy, secretName: string): Policy {
  const workspaces = policy.workspaces.map((workspace) => ({
    ...workspace,
    keys: workspace.keys.filter(({ name }) => !secretName.endsWith(`/${name}`)),
  }));
  return { ...policy, workspaces };
}
