import { expect, test } from 'vitest';
import { assembledGateway } from '../support/assembled-gateway.js';
import { usePricesTimes } from '../support/builders.js';
import { answerJson, CHAT, USAGE } from '../support/gateway-world.js';

/** Ids of the shipped policy's workspaces. */
const DEV = 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a01';
const PROD = 'workspace#6c1f0a0e-52f4-4f8e-9d43-0d1c6f1b7a03';

async function assembled(...parts: Parameters<typeof assembledGateway>) {
  const gateway = await assembledGateway(...parts);
  return {
    ...gateway,
    /** The settled use so far of the counters whose name contains these texts. */
    async settled(...words: readonly string[]) {
      const all = Object.entries(await gateway.settledByCounter());
      const found = all.filter(([name]) => words.every((word) => name.includes(word)));
      return found.reduce((sum, [, settled]) => sum + settled, 0);
    },
  };
}

test('a request costs what the price book says, to the nano-dollar', async () => {
  const { ask, settled } = await assembled();

  expect((await ask(CHAT)).status).toBe(200);

  // 11 tokens at 0.15 and 7 at 0.60 dollars a million: 1650 and 4200 nano-dollars.
  expect(USAGE).toMatchObject({ prompt_tokens: 11, completion_tokens: 7 });
  expect(await settled(DEV, 'usd')).toBe(5850);
  expect(await settled(DEV, 'requests')).toBe(1);
  expect(await settled('caller#', 'tokens')).toBe(18);
});

test.each([
  [
    'a moderation, which is free, costs no tokens',
    'mistral-moderation-2603',
    '/v1/moderations',
    {},
    0,
  ],
  ['an embedding without usage costs its bytes', 'mistral-embed', '/v1/embeddings', {}, 103],
  [
    'a moderation with usage costs that',
    'mistral-moderation-2603',
    '/v1/moderations',
    { usage: { total_tokens: 9 } },
    9,
  ],
])('%s', async (_what, model, path, answer, tokens) => {
  const { ask, settled } = await assembled(
    (response) => answerJson(response, 200, { id: 'm', ...answer }),
    (document) => {
      document.workspaces[0].models = '*';
      document.roles.developer.models = '*';
    },
  );

  expect((await ask({ model, input: ['x'.repeat(60)] }, 'developer', path)).status).toBe(200);

  expect(await settled('caller#', 'tokens')).toBe(tokens);
});

test.each([
  ['as Mistral answers', { audio_data: 'QQ==' }],
  ['with a usage, of sound too', { audio_data: 'QQ==', usage: { total_tokens: 50_000 } }],
])(
  'speech is paid by the character of its text, whose bytes count as tokens: %s',
  async (_, answer) => {
    const { ask, settled } = await assembled(
      (response) => answerJson(response, 200, answer),
      (document) => {
        document.workspaces[0].models = '*';
        document.roles.developer.models = '*';
      },
    );
    const input = 'Grüße '.repeat(1000); // longer than what is checked by its value
    const body = { model: 'voxtral-mini-tts-latest', input, ref_audio: 'A'.repeat(9000) };

    expect((await ask(body, 'developer', '/v1/audio/speech')).status).toBe(200);

    expect(await settled(DEV, 'usd')).toBe(6000 * 16_000);
    expect(await settled('caller#', 'tokens')).toBe(Buffer.byteLength(input));
  },
);

test('a moderation, which is free, is not refused for tokens', async () => {
  const { ask, settled } = await assembled(
    (response) => answerJson(response, 200, { id: 'm', results: [] }),
    (document) => {
      document.workspaces[0].models = '*';
      document.roles.developer = { ...document.roles.developer, models: '*', dailyTokens: 1000 };
    },
  );
  const long = { model: 'mistral-moderation-2603', input: ['x'.repeat(60_000)] };

  expect((await ask(long, 'developer', '/v1/moderations')).status).toBe(200);
  expect(
    (await ask({ ...long, model: 'mistral-embed' }, 'developer', '/v1/embeddings')).status,
  ).toBe(402);

  expect(await settled('caller#', 'tokens')).toBe(0);
  expect(await settled(DEV, 'requests')).toBe(1);
});

test('annotated pages cost the price of annotated pages', async () => {
  const { ask, settled } = await assembled((response) =>
    answerJson(response, 200, { pages: [], usage_info: { pages_processed: 2 } }),
  );
  const document = { type: 'document_url', document_url: 'https://x' };

  const ocr = { model: 'mistral-ocr-latest', document, pages: [0, 1] };
  await ask(ocr, 'platform-admin', '/v1/ocr');
  expect(await settled(PROD, 'usd#2026-06-30T12')).toBe(2 * 4_000_000);
  await ask({ ...ocr, document_annotation_format: {} }, 'platform-admin', '/v1/ocr');

  expect(await settled(PROD, 'usd#2026-06-30T12')).toBe(2 * 4_000_000 + 2 * 5_000_000);
});

test('a request larger than the whole budget is rejected with its size and without Retry-After', async () => {
  const { ask } = await assembled(undefined, (document) => {
    document.workspaces[0].budgets = { hourlyUsd: 0.01, monthlyUsd: 5 };
    usePricesTimes(50, document);
  });
  await ask({ ...CHAT, max_tokens: 7 });

  const answer = await ask({ ...CHAT, max_tokens: 900 });

  expect(answer.status).toBe(402);
  expect(answer.headers.has('retry-after')).toBe(false);
  expect(answer.headers.get('x-should-retry')).toBe('false');
  const body = await answer.json();
  expect(body).not.toHaveProperty('resets_at');
  expect(body).toMatchObject({
    code: 'budget_exhausted',
    message: expect.stringMatching(
      /^the request may use up to 0\.\d{4} USD, which never fits into the budget \(USD\) per hour of workspace dev-workspace: the most allowed is 0\.0100 USD\. Reduce max_tokens/,
    ),
  });
});

test('a budget lasts to its last request, and the refusal does not say who spent it', async () => {
  const { ask, settled } = await assembled(undefined, (document) => {
    document.workspaces[0].budgets = { monthlyUsd: 0.01 }; // 10,000,000 nano-dollars
    usePricesTimes(100, document);
  });
  const small = { ...CHAT, max_tokens: 7 };

  let answer = await ask(small);
  for (let asked = 1; answer.status === 200 && asked < 50; asked += 1) answer = await ask(small);

  expect(answer.status).toBe(402);
  const { code, message, ...rest } = (await answer.json()) as { code: string; message: string };
  expect(code).toBe('budget_exhausted');
  expect(rest).toMatchObject({ resets_at: '2026-07-01T00:00:00.000Z' });
  expect(message).toContain('dev-workspace');
  expect(message).toContain('2026-07-01 00:00 UTC');
  expect(message).not.toMatch(/\d{5}|alice/);
  const spent = await settled(DEV, 'usd');
  expect(spent).toBeLessThanOrEqual(10_000_000);
  expect(spent).toBeGreaterThan(6_000_000);
});

test('a model without a price is rejected if the policy says so', async () => {
  const { ask, received } = await assembled(undefined, (document) => {
    document.prices = { unknownModel: 'refuse' };
  });

  const answer = await ask({ ...CHAT, model: 'shieldstral-1-0' }, 'platform-admin');

  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ code: 'model_not_priced' });
  expect(received).toEqual([]);
});

test('requests for a model without a price are counted, each once', async () => {
  const counted: string[] = [];
  const { ask, settled } = await assembled(undefined, undefined, {
    ended: () => {},
    refused: () => {},
    unpriced: (workspace) => void counted.push(workspace),
    flush: () => {},
  });
  for (const model of ['shieldstral-1-0', 'mistral-small-2603', 'shieldstral-1-0']) {
    await ask({ ...CHAT, model }, 'platform-admin');
  }
  await settled();
  expect(counted).toEqual(['prod-workspace', 'prod-workspace']);
});

test('models are listed as Mistral describes them, for what role and workspace allow', async () => {
  const describe = (id: string, alias: string) => ({
    ...{ id, object: 'model', aliases: [alias], type: 'base', max_context_length: 131_072 },
    ...{ capabilities: { completion_chat: true }, deprecation: null, a_new_field: [1] },
  });
  const small = describe('mistral-small-2603', 'mistral-small-latest');
  const large = describe('mistral-large-2512', 'mistral-large-latest');
  const { list, received } = await assembled((response) =>
    answerJson(response, 200, { object: 'list', data: [large, small] }),
  );

  const governance = { endpoints: ['/v1/chat/completions'], max_tokens: 2000 };
  expect(await (await list('developer')).json()).toEqual({
    object: 'list',
    data: [{ ...small, governance }],
  });
  expect(await (await list('platform-admin')).json()).toMatchObject({ data: [large, small] });
  expect((await list('stranger')).status).toBe(403);
  expect(received).toEqual([]); // read when the gateway started
});

test('metrics are written together with usage', async () => {
  const did: string[] = [];
  const { ask, settled } = await assembled(undefined, undefined, {
    ended: (outcome) => void did.push(outcome),
    refused: () => {},
    unpriced: () => {},
    flush: () => void did.push('written'),
  });
  await ask(CHAT);
  await settled();
  expect(did).toEqual(['answered', 'written']);
});
