import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Policy } from '../../governance/policy/policy.js';
import { type LocalDynamo, startLocalDynamo } from '../../testing/dynamo.js';
import { type LocalGateway, openLocalGateway } from '../../testing/gateway.js';
import { createWorld, type World } from '../../testing/world.js';
import { aPolicy, silentLog } from '../support/builders.js';
import { definitionFor } from '../support/definition.js';

const MODEL = 'mistral-huge-2612';
const ADMIN = 'arn:aws:sts::111122223333:assumed-role/platform-admin/lin';
const USD = 1e9;
/** What the most expensive model of the price book costs for a million tokens. */
const MOST_EXPENSIVE = { input: 2, output: 7.5 };
/** What Mistral bills for a million of the new one. */
const BILLED = { input: 1, cached: 0.1, output: 6 };

let dynamo: LocalDynamo;
beforeAll(async () => {
  dynamo = await startLocalDynamo();
});
afterAll(() => dynamo.close());

let world: World;
let gateway: LocalGateway;
let days = 0;
afterEach(async () => {
  await gateway.close();
  await world.close();
});

/** The day on which Mistral brings the model; its administrator may use every model. */
async function newModelDay(policy: Policy) {
  days += 1;
  const [tableName, quotaTableName] = [`records-${days}`, `quotas-${days}`];
  await Promise.all([dynamo.createTable(tableName), dynamo.createTable(quotaTableName)]);
  const warnings: string[] = [];
  let seen = 0;
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  world = await createWorld({
    policy,
    definition: definitionFor(policy),
    dynamo,
    tableName,
    quotaTableName,
    start: new Date('2026-11-24T07:00:00Z'),
    youngSeconds: 0,
    log: silentLog,
  });
  await world.provision();
  await world.clock.playUntil(new Date('2026-11-24T09:00:00Z'));
  await world.monitorSpend();
  const { mistral } = world;
  mistral.organization.models = [...mistral.organization.models, { id: MODEL, aliases: [] }];
  mistral.usage.setPrice(MODEL, '2026-11-24', {
    input: String(BILLED.input),
    cached: String(BILLED.cached),
    output: String(BILLED.output),
  });
  const restart = async () => {
    gateway = await openLocalGateway(world, quotaTableName, log);
  };
  await restart();

  return {
    warnings,
    restart,

    /** Six hundred thousand tokens each. Returns what they cost at prices for a million. */
    async use(times: number) {
      let [prompt, completion] = [0, 0];
      for (let count = 0; count < times; count += 1) {
        const response = await gateway.ask(ADMIN, '/v1/chat/completions', {
          model: MODEL,
          messages: [{ role: 'user', content: 'x'.repeat(4000) }],
          max_tokens: 8000,
          n: 100,
        });
        expect(response.status).toBe(200);
        const { usage } = (await response.json()) as { usage: Record<string, number> };
        prompt += usage.prompt_tokens ?? 0;
        completion += usage.completion_tokens ?? 0;
      }
      await gateway.flush();
      return (price: { input: number; output: number }) =>
        Math.ceil(((prompt * price.input + completion * price.output) / 1e6) * USD);
    },

    /** Gives a gateway that was idle for an hour or more the time to read what is new. */
    async warmUp() {
      const body = { model: 'mistral-embed', input: '' };
      await gateway.ask(ADMIN, '/v1/embeddings', body);
      await new Promise((resolve) => setTimeout(resolve, 250));
    },

    /** A service uses its own key, by which the next audit lists models: it has used the gateway's. */
    serve(): void {
      const secret = 'mistral/prod-workspace/checkout-service-key';
      const stored = JSON.parse(world.secrets.valueAt(secret, 'AWSCURRENT') ?? '{}');
      expect(world.mistral.keys.accept(stored.apiKey)).toBeDefined();
    },

    audit: async () => (await world.audit()).findings.filter(({ type }) => /price/.test(type)),

    /** Metered and billed spend of this day. */
    async spend() {
      const { spend } = await world.monitorSpend();
      const day = world.clock.now().toISOString().slice(0, 10);
      const row = spend.find(
        ({ workspace, windowName }) => workspace === 'prod-workspace' && windowName === day,
      );
      return [row?.meteredNanos, row?.billedNanos];
    },

    at: (instant: string) => world.clock.playUntil(new Date(instant)),

    /** Alerts since the last call, but for the keys. */
    alerts(): string[] {
      const sent = world.inbox.messages.slice(seen);
      seen += sent.length;
      return sent
        .filter(({ attributes }) => !attributes.type?.startsWith('rotation'))
        .map(({ subject }) => subject);
    },
  };
}

const BILL = { source: 'bill' };

test('a new model is found, priced from the bill the next night, and charged at that', async () => {
  const { at, use, serve, audit, spend, alerts, warnings, warmUp } = await newModelDay(
    aPolicy((document) => {
      document.prices = BILL;
      document.roles.admin.models = [MODEL, 'mistral-embed'];
    }),
  );

  // The first day: its price is unknown, and Mistral's report is late.
  world.mistral.usage.fallBehind();
  const first = await use(6);
  expect(await spend()).toEqual([first(MOST_EXPENSIVE), 0]);
  expect(warnings).toContain('model without a price is charged as the most expensive one');
  expect(alerts()).toEqual([
    'prod-workspace has spent 54 % (27.01 of 50.00 USD) of its hourly budget',
  ]);
  await at('2026-11-25T02:00:00Z');
  expect(await audit()).toMatchObject([{ type: 'unknown-price', subject: MODEL }]);
  expect(alerts()).toEqual(['WARNING: 1 new model without a price; 1 finding open']);

  // The second day: Mistral reports the first, but no audit has read it yet.
  world.mistral.usage.catchUp();
  await at('2026-11-25T06:05:00Z');
  await spend();
  expect(alerts()).toEqual([
    'WARNING: Mistral bills prod-workspace less than was metered (5.41 USD, 2026-11-24)',
  ]);
  await at('2026-11-25T09:00:00Z');
  serve();
  await warmUp();
  const second = await use(2);
  expect(await spend()).toEqual([second(MOST_EXPENSIVE), second(BILLED)]);
  await at('2026-11-26T02:00:00Z');
  expect(await audit()).toEqual([]);
  expect(alerts()).toEqual(['1 finding resolved on mistral-huge-2612; 0 findings open']);
  await at('2026-11-26T06:05:00Z');
  await spend();
  expect(alerts()).toEqual([
    'WARNING: Mistral bills prod-workspace less than was metered (1.80 USD, 2026-11-25)',
  ]);

  // The third day, in the same gateway: as much as on the first costs less than half of an hour.
  await at('2026-11-26T09:00:00Z');
  await warmUp();
  const third = await use(6);
  expect(await spend()).toEqual([third(BILLED), third(BILLED)]);
  await at('2026-11-27T06:05:00Z');
  await spend();
  expect(alerts()).toEqual([]);
});

test('used through "*", it is found in the bill with its prices, which count once the policy says so', async () => {
  const policy = aPolicy();
  const { at, use, audit, spend, alerts, warmUp, restart } = await newModelDay(policy);
  expect(policy.roles.admin?.models).toBe('*');
  const first = await use(5);
  expect(await spend()).toEqual([first(MOST_EXPENSIVE), first(BILLED)]);
  await at('2026-11-25T02:00:00Z');
  expect(await audit()).toMatchObject([
    {
      type: 'unknown-price',
      subject: MODEL,
      nextStep: expect.stringContaining(
        '"mistral-huge-2612": { inputPerMillionTokens: 1, cachedPerMillionTokens: 0.1, outputPerMillionTokens: 6 } } }',
      ),
    },
  ]);
  expect(alerts()).toEqual(['WARNING: 1 new model without a price; 1 finding open']);

  await gateway.close();
  await world.deploy({ ...policy, prices: { ...policy.prices, source: 'bill' } });
  await world.audit();
  await restart();
  expect(alerts()).toEqual(['1 finding resolved on mistral-huge-2612; 0 findings open']);
  await at('2026-11-25T09:00:00Z');
  await warmUp();
  const second = await use(5);
  expect(await spend()).toEqual([second(BILLED), second(BILLED)]);
});
