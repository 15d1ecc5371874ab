import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Policy } from '../../governance/policy/policy.js';
import { createQuotaCounters } from '../../governance/quotas/quota-counters.aws.js';
import { createQuotaHolder } from '../../governance/quotas/quota-holder.js';
import { moneyQuotasOf } from '../../governance/quotas/workspace-quotas.js';
import { createVirtualClock } from '../../testing/clock.js';
import type { LocalDynamo } from '../../testing/dynamo.js';
import { createAlertInbox } from '../../testing/fakes/alert-inbox.js';
import { createFakeEventBus } from '../../testing/fakes/event-bus.js';
import { createExecutions } from '../../testing/fakes/executions.js';
import { createFakeKeys } from '../../testing/fakes/mistral-keys.js';
import { createFakeMistral, fakeOrganization } from '../../testing/fakes/mistral-server.js';
import { createSecretStore } from '../../testing/fakes/secret-store.js';
import { createLocalFunctions } from '../../testing/functions.js';
import { type Interceptor, openNetwork } from '../../testing/network.js';
import { aPolicy, silentLog } from './builders.js';
import { USD } from './spend-builders.js';

const policy = aPolicy((document) => {
  document.gateway = { enabled: true };
});
const LARGE = 'mistral-large-2512';
const TOKENS_PER_DOLLAR = 2_000_000; // 0.50 USD a million

/** Mistral, SNS, Secrets Manager and DynamoDB over HTTP, and the monitor that reads them. */
export async function aSpendAccount(dynamo: LocalDynamo, start: string, intercept?: Interceptor) {
  const [records, quotas] = [`records-${randomUUID()}`, `quotas-${randomUUID()}`];
  await Promise.all([dynamo.createTable(records), dynamo.createTable(quotas)]);
  const clock = createVirtualClock(new Date(start));
  const { now } = clock;
  const mistral = createFakeMistral(
    createFakeKeys({ now }),
    fakeOrganization(policy.workspaces),
    'admin-key-of-the-test-organization',
    now,
  );
  const inbox = createAlertInbox(now);
  const secrets = createSecretStore(now, () => {});
  secrets.create(policy.mistral.adminKeySecret, { value: 'admin-key-of-the-test-organization' });
  const executions = createExecutions(now, () => {});
  const events = createFakeEventBus();
  const systems = { mistral, secrets, inbox, events, executions, dynamo };
  const network = await openNetwork(systems, intercept);
  const functions = createLocalFunctions({
    policy,
    url: network.url,
    clock,
    log: silentLog,
    tableName: records,
    quotaTableName: quotas,
    stateMachineArn: executions.stateMachineArn,
  });
  onTestFinished(() => network.close());

  return {
    clock,
    inbox,
    subjects: () => inbox.messages.map(({ subject }) => subject),
    run: () => functions.spendMonitor(),
    /** What a million input tokens of the model that is billed cost from a day on. */
    changePrice: (from: string, usd: string) =>
      mistral.usage.setPrice(LARGE, from, { input: usd, output: usd }),
    /** What Mistral bills for, in dollars of the price list. */
    use(workspace: string, dollars: number, day = now().toISOString().slice(0, 10)) {
      const tokens = dollars * TOKENS_PER_DOLLAR;
      mistral.usage.recordUsage(idOf(workspace), LARGE, day, tokens, 0);
    },
    /** What a gateway meters. */
    async meter(workspace: string, dollars: number) {
      const holder = createQuotaHolder({
        holderId: `holder-${now().getTime()}`,
        counters: createQuotaCounters(dynamo.client, quotas),
        nowMs: () => now().getTime(),
      });
      const money = moneyOf(workspace);
      const outcome = await holder.reserve(
        money.map((quota) => ({ quota, amount: dollars * USD })),
      );
      if (outcome.kind !== 'reserved') throw new Error(`not metered: ${outcome.kind}`);
      outcome.settle(money.map(() => dollars * USD));
      await holder.close();
    },
  };
}

function workspaceOf(name: string): Policy['workspaces'][number] {
  const workspace = policy.workspaces.find((one) => one.name === name);
  if (!workspace) throw new Error(`no workspace ${name}`);
  return workspace;
}

const idOf = (name: string) => workspaceOf(name).id;
const moneyOf = (name: string) => moneyQuotasOf(policy, workspaceOf(name));

export function counted(calls: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1;
  return counts;
}
