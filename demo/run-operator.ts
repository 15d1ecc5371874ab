import { callingArn } from '../cli/access/gateway-rules.js';
import type { SpendRow } from '../governance/spend/spend-row.js';
import { synthesizeDefinition } from '../testing/definition.js';
import { startLocalDynamo } from '../testing/dynamo.js';
import { type LocalGateway, openLocalGateway } from '../testing/gateway.js';
import { createWorld, type World } from '../testing/world.js';
import { documentOf } from './document.js';
import { operatorExpectations } from './operator-expectations.js';
import { operatorCast, playOperatorStory } from './operator-story.js';
import { type Run, type RunOptions, START } from './run.js';

const RECORDS = 'records';
const QUOTAS = 'quotas';

/** The main job on this machine for a policy without the Admin API: a deploy and a hundred days. */
export async function runOperatorStory(options: RunOptions): Promise<Run> {
  const { policy, log, onlooker, onMessage, inspect } = options;
  const cast = operatorCast(policy);
  if (!cast) throw new Error('the story needs a policy with three keys');
  const dynamo = await startLocalDynamo();
  await Promise.all([dynamo.createTable(RECORDS), dynamo.createTable(QUOTAS)]);
  const adminCalls: string[] = [];
  const world = await createWorld({
    policy,
    definition: synthesizeDefinition(policy),
    dynamo,
    tableName: RECORDS,
    quotaTableName: QUOTAS,
    start: START,
    youngSeconds: 120,
    log,
    onMessage,
    gate(call, effect) {
      if (call.includes('/v1/admin')) adminCalls.push(call);
      return effect();
    },
  });
  const callers = createCallers(world, options);
  try {
    const diary = await playOperatorStory(world, cast, onlooker, callers.workday);
    const document = documentOf(world, diary, callers);
    const items = [...(await dynamo.items(RECORDS)), ...(await dynamo.items(QUOTAS))];
    inspect?.(world, items);
    const expectations = operatorExpectations({ policy, cast, document, diary, adminCalls });
    return { document, expectations };
  } finally {
    await callers.close();
    await world.close();
    await dynamo.close();
  }
}

/** One caller asks the gateway for something now and then, where the policy has a gateway and callers. */
function createCallers(world: World, { policy, log }: RunOptions) {
  const spend = new Map<string, SpendRow>();
  const [caller] = policy.gateway.enabled ? policy.callers : [];
  let gateway: LocalGateway | undefined;
  const models = caller && policy.roles[caller.role]?.models;
  const model = Array.isArray(models) ? models[0] : 'mistral-small-latest';

  return {
    spend,

    async workday(): Promise<void> {
      if (caller) {
        gateway ??= await openLocalGateway(world, QUOTAS, log);
        const messages = [{ role: 'user', content: 'Where is my order?' }];
        const response = await gateway.ask(callingArn(caller.principal), '/v1/chat/completions', {
          model,
          messages,
        });
        await response.arrayBuffer();
        await gateway.flush();
      }
      for (const row of (await world.monitorSpend()).spend) {
        spend.set(`${row.workspace} ${row.window} ${row.windowName}`, row);
      }
    },

    close: async () => gateway?.close(),
  };
}
