import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { closeAtEnd, InFlight } from '../../client/closing.js';
import { GovernanceRefusedError } from '../../client/errors.js';
import { usePricesTimes } from '../support/builders.js';
import {
  CHAT,
  clientWorld,
  DAILY_TOKENS,
  dynamoClient,
  MONEY,
  REQUESTS,
} from '../support/client-world.js';
import { answerJson, COMPLETION, eventually, type Script } from '../support/gateway-world.js';

const few = (requestsPerMinute: number) => (document: { workspaces: object[] }) => {
  document.workspaces[0] = { ...document.workspaces[0], requestsPerMinute };
};

test('an exhausted quota is named with the time it resets', async () => {
  const world = await clientWorld({ policy: few(3) });
  const mistral = await world.create();
  for (let asked = 0; asked < 3; asked += 1) await mistral.chat.complete(CHAT);

  const refused = await mistral.chat.complete(CHAT).catch((error: unknown) => error);

  expect(refused).toBeInstanceOf(GovernanceRefusedError);
  expect(refused).toMatchObject({
    code: 'rate_limited',
    quota: {
      scope: 'workspace#dev-workspace',
      unit: 'requests',
      window: 'minute',
      windowName: '2026-06-30T12:00',
    },
    resetsAt: new Date('2026-06-30T12:01:00Z'),
    retryAfterSeconds: 60,
  });
  expect(world.sent()).toHaveLength(3);
  world.pass(60);
  await expect(mistral.chat.complete(CHAT)).resolves.toBeDefined();
});

test('a request larger than the whole budget has no retry time', async () => {
  const world = await clientWorld({
    policy: (document) => {
      document.workspaces[0].budgets = { dailyUsd: 0.01 };
      usePricesTimes(10_000, document);
    },
  });
  const mistral = await world.create();

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({
    name: 'GovernanceRefusedError',
    code: 'budget_exhausted',
    quota: { unit: 'usd', window: 'day', windowName: '2026-06-30' },
    resetsAt: undefined,
    retryAfterSeconds: undefined,
  });
  expect(world.sent()).toEqual([]);
});

test('a budget holds across clients, to the last request that fits', async () => {
  const world = await clientWorld({
    policy: (document) => {
      // A cent: at 117,000 nano-dollars each, 85 requests at most.
      document.workspaces[0].budgets = { monthlyUsd: 0.01 };
      usePricesTimes(20, document);
      document.workspaces[0].requestsPerMinute = 60_000;
      document.roles.developer.maxTokensPerRequest = 20;
    },
  });
  const clients = await Promise.all([world.create(), world.create(), world.create()]);

  let answered = 0;
  async function spend(mistral: (typeof clients)[number]) {
    for (;;) {
      try {
        await mistral.chat.complete(CHAT);
        answered += 1;
      } catch (error) {
        return error;
      }
    }
  }
  const ends = await Promise.all(clients.map(spend));
  for (const client of clients) await client.close();
  // What is left of their leases is there for another client.
  const last = await world.create();
  ends.push(await spend(last));
  await last.close();

  for (const end of ends) expect(end).toMatchObject({ code: 'budget_exhausted' });
  const spent = await world.total({ ...MONEY, limit: 10_000_000 });
  expect(spent).toEqual({ settled: answered * 117_000, held: 0 });
  expect(spent.settled).toBeLessThanOrEqual(10_000_000);
  expect(answered).toBeGreaterThan(75);
});

test('while DynamoDB cannot be reached, only leased quota is spent', async () => {
  const world = await clientWorld({});
  const { dynamo } = dynamoClient({ url: 'http://127.0.0.1:1' });
  const mistral = await world.create({ dynamo });

  await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({
    name: 'GovernanceUnavailableError',
    code: 'quota_unavailable',
    retryAfterSeconds: 1,
  });
  expect(world.sent()).toEqual([]);
});

describe('close', () => {
  test('returns what was leased and not used', async () => {
    const world = await clientWorld({});
    const mistral = await world.create();
    await mistral.chat.complete(CHAT);
    await mistral.flush();
    expect((await world.total(DAILY_TOKENS)).held).toBeGreaterThan(0);

    await Promise.all([mistral.close(), mistral.close()]);

    expect(await world.total(DAILY_TOKENS)).toEqual({ settled: 18, held: 0 });
    expect(await world.total(REQUESTS)).toEqual({ settled: 1, held: 0 });
    await expect(mistral.chat.complete(CHAT)).rejects.toMatchObject({ code: 'shutting_down' });
  });

  test('waits for the request in flight', async () => {
    let answer: () => void = () => {};
    const script: Script = (response) => {
      answer = () => answerJson(response, 200, COMPLETION);
    };
    const world = await clientWorld({ script });
    const mistral = await world.create();
    const asked = mistral.chat.complete(CHAT);
    await eventually(() => world.sent().length === 1);

    const closing = mistral.close();
    answer();
    await Promise.all([asked, closing]);

    expect(await world.total(DAILY_TOKENS)).toEqual({ settled: 18, held: 0 });
  });

  test('waits for all of them', async () => {
    const inFlight = new InFlight();
    inFlight.begin();
    inFlight.begin();
    let isClosed = false;
    const closing = inFlight.close(60).then(() => {
      isClosed = true;
    });

    inFlight.end();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    inFlight.end();

    await closing;
  });

  test('stops waiting at its timeout', async () => {
    const inFlight = new InFlight();
    inFlight.begin();

    await expect(inFlight.close(0.001)).resolves.toBeUndefined();
  });
});

describe('at the end of the process', () => {
  test('a real process closes and ends by the signal', async () => {
    const module = join(import.meta.dirname, '../../client/closing.ts');
    const script = `
      import { closeAtEnd } from ${JSON.stringify(module)};
      closeAtEnd(process, async () => console.log('closed'));
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said === 'ready\n') child.kill('SIGTERM');
    });

    const [code, signal] = await once(child, 'close');

    expect({ said, code, signal }).toEqual({
      said: 'ready\nclosed\n',
      code: null,
      signal: 'SIGTERM',
    });
  });

  class Ending extends EventEmitter {
    readonly pid = 4711;
    readonly killed: unknown[] = [];
    kill(...call: unknown[]) {
      this.killed.push(call);
    }
  }

  test('SIGTERM closes first, then ends the process', async () => {
    const ending = new Ending();
    const order: string[] = [];
    closeAtEnd(ending, async () => void order.push('closed'));

    ending.emit('SIGTERM');
    await eventually(() => ending.killed.length > 0);

    expect(order).toEqual(['closed']);
    expect(ending.killed).toEqual([[4711, 'SIGTERM']]);
  });

  test('a process with its own SIGTERM listener decides when to end', async () => {
    const ending = new Ending();
    let closed = 0;
    ending.on('SIGTERM', () => {});
    closeAtEnd(ending, async () => {
      closed += 1;
    });

    ending.emit('SIGTERM');
    await new Promise((resolve) => setImmediate(resolve));

    expect(closed).toBe(1);
    expect(ending.killed).toEqual([]);
  });

  test('a process with nothing left to do closes too, and a closed client stops listening', () => {
    const ending = new Ending();
    let closed = 0;
    const close = async () => {
      closed += 1;
    };
    closeAtEnd(ending, close);
    const stopListening = closeAtEnd(ending, close);
    stopListening();

    ending.emit('beforeExit');

    expect(closed).toBe(1);
    expect(ending.listenerCount('beforeExit') + ending.listenerCount('SIGTERM')).toBe(1);
  });
});
