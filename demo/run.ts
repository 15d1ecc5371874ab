import type { Log } from '../governance/platform/log.js';
import { listText } from '../governance/platform/wording.js';
import { OBJECT_INDEXES } from '../governance/policy/object-indexes.js';
import type { Policy } from '../governance/policy/policy.js';
import { synthesizeDefinition } from '../testing/definition.js';
import { startLocalDynamo } from '../testing/dynamo.js';
import type { PublishedMessage } from '../testing/fakes/alert-inbox.js';
import type { FirstVersion } from '../testing/fakes/secret-store.js';
import { openLocalGateway } from '../testing/gateway.js';
import { createWorld, type World } from '../testing/world.js';
import { ADMIN_API_STORY } from './admin-api-story.js';
import { modelsOf } from './callers.js';
import { documentOf, type RunDocument, subscribersOf } from './document.js';
import { OPERATOR_STORY } from './operator-story.js';
import { createStage, type Observer } from './stage.js';
import type { Claim, Story } from './story.js';

/** An arbitrary start day. */
export const START = new Date('2026-08-15T09:00:00Z');

const RECORDS = 'records';
const QUOTAS = 'quotas';
const OBJECTS = 'objects';

export interface RunOptions {
  readonly policy: Policy;
  readonly log: Log;
  readonly observer: Observer;
  /** What Secrets Manager counts as a secret's first version. @default the empty one of a rotation */
  readonly firstVersion?: FirstVersion | undefined;
  readonly onMessage: (message: PublishedMessage) => void;
  /** Gets the world before it is closed. */
  readonly inspect?: (world: World, items: readonly unknown[]) => void;
}

export interface Run {
  readonly document: RunDocument;
  /** The claims that the run must fulfil. */
  readonly claims: readonly Claim[];
}

/** The story that fits a policy. */
export function storyOf({ mistral }: Policy): Story {
  return mistral.keySource === 'operator' ? OPERATOR_STORY : ADMIN_API_STORY;
}

/** The product on this machine: a deploy and the hundred days after it. */
export async function runLocally(options: RunOptions): Promise<Run> {
  const { policy, log, observer, onMessage, inspect } = options;
  const story = storyOf(policy);
  const adminCalls: string[] = [];
  const dynamo = await startLocalDynamo();
  await Promise.all([
    dynamo.createTable(RECORDS),
    dynamo.createTable(QUOTAS),
    dynamo.createTable(OBJECTS, Object.values(OBJECT_INDEXES)),
  ]);
  const world = await createWorld({
    policy,
    definition: synthesizeDefinition(policy),
    dynamo,
    tableName: RECORDS,
    quotaTableName: QUOTAS,
    objectsTableName: OBJECTS,
    start: START,
    youngSeconds: 120,
    firstVersion: options.firstVersion,
    neverWorks: story.neverWorks?.(policy, START),
    organization: { models: modelsOf(policy), currency: policy.mistral.currency },
    log,
    onMessage,
    intercept(call, effect) {
      if (call.includes('/v1/admin')) adminCalls.push(call);
      return effect();
    },
  });
  try {
    const openGateway = () => openLocalGateway(world, QUOTAS, log, OBJECTS);
    const stage = createStage({ world, adminCalls, openGateway, observer });
    const judge = await story.play(stage);
    const document = documentOf(world, stage.diary);
    inspect?.(world, [...(await dynamo.items(RECORDS)), ...(await dynamo.items(QUOTAS))]);
    return { document, claims: [...judge(document), deliveryClaim(document, policy)] };
  } finally {
    await world.close();
    await dynamo.close();
  }
}

function deliveryClaim({ alerts }: RunDocument, policy: Policy): Claim {
  const counts = policy.alerts.subscriptions.map(({ protocol, endpoint }) => {
    const name = `${protocol}:${endpoint}`;
    const got = alerts.filter(({ deliveredTo }) => deliveredTo.includes(name)).length;
    return `${endpoint} ${got} of ${alerts.length}`;
  });
  return [
    `each subscriber got the alerts that its filter selects: ${listText(counts)}`,
    alerts.every(
      ({ attributes, deliveredTo }) =>
        deliveredTo.join() === subscribersOf(policy.alerts, attributes).join(),
    ),
  ];
}
