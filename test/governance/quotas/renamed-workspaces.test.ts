import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import type { Quota } from '../../../governance/quotas/quota.js';
import { createQuotaCounters } from '../../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../../governance/quotas/quota-holder.js';
import { createQuotaTotals } from '../../../governance/quotas/quota-totals.js';
import { quotasOf } from '../../../governance/quotas/workspace-quotas.js';
import type { LocalDynamo } from '../../../testing/dynamo.js';
import { aPolicy, type policyDocument } from '../../support/builders.js';
import { newTableForEach } from '../../support/table.js';

const NOW = Date.parse('2026-11-23T17:05:00Z');
const DOLLAR = 1_000_000_000;

let dynamo: LocalDynamo;
let table = '';
newTableForEach((local, name) => {
  dynamo = local;
  table = name;
});

type Document = ReturnType<typeof policyDocument>;

/** The month's budgets of the first two workspaces in the policy, 50 and 500 dollars. */
function monthsOf(change: (document: Document) => void = () => {}): [Quota, Quota] {
  const policy = aPolicy((document) => {
    document.callers = [];
    for (const workspace of document.workspaces) workspace.overflowTo = [];
    change(document);
  });
  const months = policy.workspaces.flatMap((workspace) =>
    quotasOf(policy, workspace).filter(({ window }) => window === 'month'),
  );
  return [months[0] as Quota, months[1] as Quota];
}

function counters() {
  return createQuotaCounters(dynamo.client, table, { timeoutMs: 20_000 });
}

/** A process that spends so many dollars, and ends; what a new one could reserve. */
async function spend(quota: Quota, dollars: number, holderId = `h-${dollars}`) {
  const holder = createQuotaHolder({ holderId, counters: counters(), nowMs: () => NOW });
  const outcome = await holder.reserve([{ quota, amount: dollars * DOLLAR }]);
  if (outcome.kind === 'reserved') outcome.settle([dollars * DOLLAR]);
  await holder.close();
  return outcome.kind;
}

async function spent(quota: Quota) {
  const [total] = await createQuotaTotals(counters()).of([quota], new Date(NOW), new Date(NOW));
  return (total?.settled ?? 0) / DOLLAR;
}

test('a workspace with a new name has spent what it had', async () => {
  const [before] = monthsOf();
  expect(await spend(before, 40)).toBe('reserved');

  const [after] = monthsOf((document) => {
    document.workspaces[0].name = 'renamed';
  });

  expect(after.scope).toBe('workspace#renamed');
  expect(await spent(after)).toBe(40);
  expect(await spend(after, 20)).toBe('exhausted');
  expect(await spend(after, 10)).toBe('reserved');
});

test('two workspaces that swap their names keep what each has spent', async () => {
  const [dev, ml] = monthsOf();
  await spend(dev, 40);
  await spend(ml, 7);

  const [first, second] = monthsOf((document) => {
    const [one, other] = document.workspaces;
    [one.name, other.name] = [other.name, one.name];
  });

  expect([first.scope, await spent(first)]).toEqual(['workspace#ml-workspace', 40]);
  expect([second.scope, await spent(second)]).toEqual(['workspace#dev-workspace', 7]);
});

/** As it was written when counters had the workspace's name. */
async function countedByName(
  settled: number,
  inFlight: number,
  pk = 'quota#workspace#dev-workspace',
) {
  const number = (dollars: number) => ({ N: String(dollars * DOLLAR) });
  await dynamo.client.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        pk: { S: pk },
        sk: { S: 'usd#2026-11' },
        settled: number(settled),
        committed: number(settled + 2 * inFlight),
        'lease#old': {
          S: `${2 * inFlight * DOLLAR} ${inFlight * DOLLAR} ${NOW + 55_000} 3`,
        },
      },
    }),
  );
}

test('what was counted under a name before is carried over once', async () => {
  await countedByName(30, 5);
  const [month] = monthsOf();
  expect(await spent(month)).toBe(30);

  expect(await spend(month, 1)).toBe('reserved');
  expect(await spent(month)).toBe(36); // what was in flight counts as used
  expect(await spend(month, 20)).toBe('exhausted');
  await Promise.all([spend(month, 2), spend(month, 3)]);
  expect(await spent(month)).toBe(41);
});

test('it is carried over for each shard', async () => {
  await countedByName(10, 0);
  await countedByName(20, 0, 'quota#workspace#dev-workspace#1');
  const [month] = monthsOf((document) => {
    document.workspaces[0].quotaShards = 2;
  });
  expect(await spent(month)).toBe(30);
  await spend(month, 2, 'a');
  await spend(month, 13, 'b');
  expect(await spent(month)).toBe(45);
});

test('a budget in another currency starts at zero', async () => {
  await spend(monthsOf()[0], 40);
  const [euro] = monthsOf((document) => {
    document.mistral = { ...document.mistral, currency: 'EUR' };
    for (const workspace of document.workspaces)
      Object.assign(workspace, { budgets: { monthlyEur: 50 }, lends: {} });
  });
  expect(await spent(euro)).toBe(0);
});
