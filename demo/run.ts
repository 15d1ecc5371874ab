import type { Log } from '../governance/platform/log.js';
import type { Policy } from '../governance/policy/policy.js';
import { synthesizeDefinition } from '../testing/definition.js';
import { startLocalDynamo } from '../testing/dynamo.js';
import type { PublishedMessage } from '../testing/fakes/alert-inbox.js';
import { type LocalGateway, openLocalGateway } from '../testing/gateway.js';
import { createWorld, type World } from '../testing/world.js';
import { documentOf, type RunDocument } from './document.js';
import { type Expectation, expectations } from './expectations.js';
import { CAST, type Onlooker, playHundredDays } from './hundred-days.js';
import { createTraffic, type Traffic } from './traffic.js';

/** A hundred days before the day this was written; any day does. */
export const START = new Date('2026-08-15T09:00:00Z');

export interface RunOptions {
  readonly policy: Policy;
  readonly log: Log;
  readonly onlooker: Onlooker;
  readonly onMessage: (message: PublishedMessage) => void;
  /** Looks at the world before it ends. */
  readonly inspect?: (world: World, items: readonly unknown[]) => void;
}

export interface Run {
  readonly document: RunDocument;
  readonly expectations: readonly Expectation[];
}

/** The main job on this machine: a deploy and a hundred days of what follows. */
export async function runLocally(options: RunOptions): Promise<Run> {
  const { policy, log, onlooker, onMessage, inspect } = options;
  const dynamo = await startLocalDynamo();
  const tableName = 'records';
  const quotaTableName = 'quotas';
  await dynamo.createTable(tableName);
  await dynamo.createTable(quotaTableName);
  const world = await createWorld({
    policy,
    definition: synthesizeDefinition(policy),
    dynamo,
    tableName,
    quotaTableName,
    start: START,
    youngSeconds: 120,
    isBroken: isFirstReplacement,
    log,
    onMessage,
  });
  let gateway: LocalGateway | undefined;
  let traffic: Traffic | undefined;
  try {
    const diary = await playHundredDays(world, onlooker, async () => {
      gateway = await openLocalGateway(world, quotaTableName, log);
      traffic = createTraffic({ world, gateway, onlooker });
      return traffic;
    });
    if (!traffic) throw new Error('the hundred days went by without traffic');
    const document = documentOf(world, diary, traffic.diary);
    const items = [...(await dynamo.items(tableName)), ...(await dynamo.items(quotaTableName))];
    inspect?.(world, items);
    return { document, expectations: expectations(document, diary, traffic.diary) };
  } finally {
    await gateway?.close();
    await world.close();
    await dynamo.close();
  }
}

const ROTATION_DAY = '20261113'; // 90 days after the start

/** The first key that is made to replace the one that meets this fate. */
function isFirstReplacement(name: string): boolean {
  return name.startsWith(`${CAST.neverValid.split('/').at(-1)}-${ROTATION_DAY}`);
}
