import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpShell } from '../../gateway/server/http-shell.js';
import { createUndiciUpstream } from '../../gateway/server/undici-upstream.js';
import { openGateway } from '../../gateway/wiring.js';
import { createFakeQuotaCounters } from '../../testing/fakes/quota-counters.js';
import { aPolicy, type policyDocument, silentLog } from '../support/builders.js';
import { clientWorld, CHAT as FROM_CLIENT } from '../support/client-world.js';
import { fakeKeys } from '../support/gateway-fakes.js';
import {
  answerJson,
  CALLER_HEADER,
  COMPLETION,
  eventually,
  listen,
  mistralStandIn,
  session,
  streamEvents,
} from '../support/gateway-world.js';

type Document = ReturnType<typeof policyDocument>;
const CHAT = { model: 'mistral-small-latest', messages: [{ role: 'user', content: 'Hello.' }] };

/** Gateways that share counters, and a Mistral whose answers wait until the test gives them. */
async function world(change: (document: Document) => void, processes = 1) {
  let nowMs = Date.parse('2026-06-10T12:00:00Z');
  const held: { response: ServerResponse; url: string; isStream: boolean }[] = [];
  const mistral = await mistralStandIn((response, { url, body }) => {
    if (url.startsWith('/v1/models')) return answerJson(response, 404, {});
    held.push({ response, url, isStream: JSON.parse(body).stream === true });
  });
  const counters = createFakeQuotaCounters();
  const policy = aPolicy((document) => {
    document.mistral.apiUrl = mistral.url;
    change(document);
  });

  async function gateway(holderId: string) {
    const opened = openGateway({
      policy,
      upstream: createUndiciUpstream(mistral.url, policy.gateway),
      keys: fakeKeys,
      counters,
      alerts: { publish: async () => {} },
      log: silentLog,
      holderId,
      now: () => new Date(nowMs),
    });
    await opened.ready;
    const url = await listen(
      createHttpShell(opened.gateway, { callerHeader: CALLER_HEADER }).server,
    );
    onTestFinished(() => void opened.close());

    const ask = (body: object, role: string, path = '/v1/chat/completions') =>
      fetch(url + path, {
        method: 'POST',
        headers: { [CALLER_HEADER]: session(role) },
        body: JSON.stringify(body),
      });

    return {
      ask,
      flush: opened.flush,
      /** Sends a request and waits until Mistral has it. */
      async begin(...request: Parameters<typeof ask>) {
        const before = held.length;
        const answer = ask(...request);
        await eventually(() => held.length > before);
        return { answer }; // as it is: it is not there yet
      },
    };
  }

  const gateways = await Promise.all(
    Array.from({ length: processes }, (_, at) => gateway(`process-${at}`)),
  );
  return {
    gateways: gateways as [Gateway, ...Gateway[]],
    writes: counters.writes,
    /** Answers everything that waits: with a small usage, or with all that was reserved. */
    finish(used: 'little' | 'all' = 'little') {
      const { usage: _, ...unknownUsage } = COMPLETION;
      const page = { pages: [], usage_info: { pages_processed: 1 } };
      for (const { response, url, isStream } of held.splice(0)) {
        const answer = url === '/v1/ocr' ? page : COMPLETION;
        if (!isStream) answerJson(response, 200, used === 'all' ? unknownUsage : answer);
        else {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.end(streamEvents(['Hello']).join(''));
        }
      }
    },
    pass(seconds: number) {
      nowMs += seconds * 1000;
    },
  };
  type Gateway = Awaited<ReturnType<typeof gateway>>;
}

async function refusalOf(answer: Response) {
  const { code, message } = (await answer.json()) as { code: string; message: string };
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), code, message };
}

const SOON = expect.stringContaining('requests in flight may free quota sooner');
const budgets = (of: object) => (document: Document) => {
  for (const workspace of document.workspaces) workspace.budgets = of;
};

const LARGE = { ...CHAT, max_tokens: 8000 }; // 0.0048 dollars at most
const OCR = {
  model: 'mistral-ocr-latest',
  document: { type: 'document_url', document_url: 'https://x' },
  pages: [0, 1, 2], // 0.012 dollars at most
};
// A token a byte at most, so two of them need more than an analyst's 100,000 tokens a day.
const LONG = { ...CHAT, messages: [{ role: 'user', content: 'x'.repeat(58_800) }] };

const CASES = [
  { what: "an hour's budget", budget: { hourlyUsd: 0.01 }, body: LARGE, running: 2 },
  { what: "a day's budget", budget: { dailyUsd: 0.01 }, body: LARGE, running: 2 },
  { what: "a month's budget", budget: { monthlyUsd: 0.01 }, body: LARGE, running: 2 },
  {
    what: "a month's budget, by streams",
    budget: { monthlyUsd: 0.01 },
    body: { ...LARGE, stream: true },
    running: 2,
  },
  {
    what: "a month's budget, by pages",
    budget: { monthlyUsd: 0.03 },
    body: OCR,
    path: '/v1/ocr',
    running: 2,
  },
  {
    what: "a caller's tokens of the day",
    budget: {},
    body: { ...LONG, stream: true },
    role: 'analyst',
    code: 'tokens_exhausted',
    running: 1,
  },
];

test.each(
  CASES.flatMap((one) => [
    { ...one, by: 'one process', processes: 1 },
    { ...one, by: 'another process', processes: 2 },
  ]),
)(
  '$what that $running running requests of $by reserve whole may free sooner, and does',
  async (one) => {
    const { role = 'platform-admin', path, code = 'budget_exhausted', processes } = one;
    const { gateways, finish, pass } = await world(budgets(one.budget), processes);
    const [first] = gateways;
    const other = gateways.at(-1) ?? first;
    const running = [];
    for (let at = 0; at < one.running; at += 1)
      running.push(await first.begin(one.body, role, path));

    const refused = await refusalOf(await other.ask(one.body, role, path));
    expect(refused).toEqual({ status: 429, retryAfter: '1', code, message: SOON });

    finish();
    for (const { answer } of running) await (await answer).text();
    if (processes > 1) {
      await first.flush();
      pass(1.1);
    }
    const next = await other.begin(one.body, role, path);
    finish();
    expect((await next.answer).status).toBe(200);
  },
);

test('what requests returned is there for the next one before it is settled', async () => {
  const { gateways, finish } = await world((document) => {
    budgets({ monthlyUsd: 0.01 })(document);
    document.roles.admin.maxTokensPerRequest = 16_000;
  });
  const [{ ask, begin, flush }] = gateways;
  const running = await begin({ ...CHAT, max_tokens: 5000 }, 'platform-admin'); // 0.003 dollars
  await flush();
  // 0.0078 dollars: more than is leased, and more than is not.
  const large = { ...CHAT, max_tokens: 13_000 };
  expect((await ask(large, 'platform-admin')).status).toBe(429);

  finish();
  await (await running.answer).text();

  const next = await begin(large, 'platform-admin');
  finish();
  expect((await next.answer).status).toBe(200);
});

test.each([
  ['in flight', SOON],
  ['spent', expect.stringMatching(/resets at 2026-07-01 00:00 UTC$/)],
] as const)('retries against a budget that is %s do not write each', async (state, message) => {
  const { gateways, finish, writes, pass } = await world(budgets({ monthlyUsd: 0.01 }));
  const [{ ask, begin, flush }] = gateways;
  const running = [await begin(LARGE, 'platform-admin'), await begin(LARGE, 'platform-admin')];
  if (state === 'spent') {
    finish('all');
    for (const { answer } of running) await (await answer).text();
  }
  await flush();
  await ask(LARGE, 'platform-admin');
  const before = writes();

  for (let turn = 0; turn < 50; turn += 1) {
    expect(await refusalOf(await ask(LARGE, 'platform-admin'))).toMatchObject({ message });
    pass(0.1);
  }

  expect(writes() - before).toBeLessThanOrEqual(1);
  finish();
  await Promise.all(running.map(({ answer }) => answer));
});

test("a minute's requests in flight stay requests, so a retry waits for the next minute", async () => {
  const { gateways, finish } = await world((document) => {
    for (const workspace of document.workspaces) workspace.requestsPerMinute = 2;
  });
  const [{ ask, begin }] = gateways;
  const running = [await begin(CHAT, 'developer'), await begin(CHAT, 'developer')];

  expect(await refusalOf(await ask(CHAT, 'developer'))).toMatchObject({
    code: 'rate_limited',
    retryAfter: '60',
    message: expect.stringMatching(/resets at 2026-06-10 12:01 UTC$/),
  });
  finish();
  await Promise.all(running.map(({ answer }) => answer));
});

test('the client library says when a retry can help, and is served then', async () => {
  const held: ServerResponse[] = [];
  const { create } = await clientWorld({
    script: (response) => void held.push(response),
    policy: (document) => {
      document.workspaces[0].budgets = { monthlyUsd: 0.01 };
      document.roles.developer.maxTokensPerRequest = 8000;
    },
  });
  const mistral = await create();
  const ask = () => mistral.chat.complete({ ...FROM_CLIENT, maxTokens: 8000 }); // 0.0048 dollars
  const running = [ask(), ask()];
  await eventually(() => held.length === 2);

  await expect(ask()).rejects.toMatchObject({ code: 'budget_exhausted', retryAfterSeconds: 1 });
  for (const response of held.splice(0)) answerJson(response, 200, COMPLETION);
  await Promise.all(running);

  const next = ask();
  await eventually(() => held.length === 1);
  answerJson(held[0] as ServerResponse, 200, COMPLETION);
  await next;
});
