import { PassThrough, type Writable } from 'node:stream';
import { createMistral } from '@ai-sdk/mistral';
import { generateText } from 'ai';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { InFlight } from '../../client/closing.js';
import { createGovernedFetch } from '../../client/governed-fetch.js';
import { createMetering } from '../../governance/metering/metering.js';
import { ApiKey } from '../../governance/mistral/api-key.js';
import { createGatewayHandler, type StreamingHandler } from '../../lambdas/gateway/handler.js';
import { aPolicy } from '../support/builders.js';
import { accessTo, fakeQuotas, fakeTariff } from '../support/gateway-fakes.js';
import {
  answerJson,
  CALLER_HEADER,
  CHAT,
  COMPLETION,
  DAILY_TOKENS,
  DEVELOPER,
  gatewayWorld,
  mistralStandIn,
  type Script,
} from '../support/gateway-world.js';

const completes: Script = (response) => answerJson(response, 200, COMPLETION);

interface Outcome {
  readonly status: number;
  readonly code: unknown;
  readonly param: unknown;
  readonly message: unknown;
  /** Bodies that reached Mistral. */
  readonly sent: readonly string[];
}

type Shell = (path: string, body: unknown, passUnknownFields?: boolean) => Promise<Outcome>;

const plainServer: Shell = async (path, body, passUnknownFields = false) => {
  const world = await gatewayWorld(completes, ({ gateway, roles, workspaces }) => {
    gateway.passUnknownFields = passUnknownFields;
    roles.developer.models = '*';
    workspaces[0].models = '*';
  });
  const answer = await world.ask(body, { path });
  return outcomeOf(answer.status, await answer.json(), world.received);
};

const lambda: Shell = async (path, body, passUnknownFields = false) => {
  const { gateway, received } = await gatewayWorld(completes, (document) => {
    document.gateway.passUnknownFields = passUnknownFields;
    document.roles.developer.models = '*';
    document.workspaces[0].models = '*';
  });
  const ready = Promise.resolve();
  const handler = createGatewayHandler({ gateway, ready, flush: async () => {} });
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  const event = {
    ...{ version: '2.0', rawPath: path, rawQueryString: '', isBase64Encoded: false },
    headers: { 'content-type': 'application/json' },
    requestContext: {
      http: { method: 'POST', path },
      authorizer: { iam: { userArn: DEVELOPER, accountId: '111122223333' } },
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  await (handler as StreamingHandler)(event, stream);
  return outcomeOf(status, JSON.parse(Buffer.concat(chunks).toString()), received);
};

const clientLibrary: Shell = async (path, body, passUnknownFields = false) => {
  const { url, received } = await mistralStandIn(completes);
  const policy = aPolicy(({ roles, workspaces }) => {
    roles.developer.models = '*';
    workspaces[0].models = '*';
  });
  const key = new ApiKey('Zq7PlainKeyVw3XhR9tLm2KcB8dFs5J');
  const governedFetch = createGovernedFetch({
    ...{ apiUrl: url, callerArn: DEVELOPER, access: accessTo(policy) },
    metering: createMetering(policy, fakeQuotas(), fakeTariff),
    keys: { current: () => key, instead: async () => undefined },
    ...{ unmetered: 'refuse', passUnknownFields, inFlight: new InFlight() },
    ...{ now: () => new Date(), fetch },
  });
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const request = new Request(url + path, { method: 'POST', body: text });
  return governedFetch(request).then(
    async (answer) => outcomeOf(answer.status, await answer.json(), received),
    (error) => outcomeOf(422, error, received),
  );
};

function outcomeOf(
  status: number,
  answer: unknown,
  received: readonly { readonly body: string }[],
): Outcome {
  const { code, param, message } = answer as Record<string, unknown>;
  return { status, code, param, message, sent: received.map((one) => one.body) };
}

const SHELLS = { 'plain server': plainServer, Lambda: lambda, 'client library': clientLibrary };

let status = 0;
beforeEach(() => {
  const HttpResponseStream = {
    from(stream: Writable, head: { readonly statusCode: number }): Writable {
      status = head.statusCode;
      return stream;
    },
  };
  const streamifyResponse = (handler: StreamingHandler) => handler;
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream } });
});
afterEach(() => void Reflect.deleteProperty(globalThis, 'awslambda'));

const CHATS = '/v1/chat/completions';
const user = (content: unknown) => ({ ...CHAT, messages: [{ role: 'user', content }] });
const f = { name: 'f', parameters: {} };
const image = { type: 'image_url', image_url: 'https://x/i.png' };
const FIM = { model: CHAT.model, prompt: 'x' };
const OCR = { model: 'mistral-ocr-latest', document: { type: 'file', file_id: 'f' } };

/** What would cost money that is not metered, or open what is not the caller's, under any policy. */
const NEVER: readonly (readonly [name: string, path: string, body: object, param: string])[] = [
  ['guardrails', CHATS, { ...CHAT, guardrails: [{ block_on_error: true }] }, 'guardrails'],
  ['an agent', CHATS, { ...CHAT, agent_id: 'ag_1' }, 'agent_id'],
  ['an agent of FIM', '/v1/fim/completions', { ...FIM, agent_id: 'ag_1' }, 'agent_id'],
  ['an agent of OCR', '/v1/ocr', { ...OCR, agent_id: 'ag_1' }, 'agent_id'],
  ['connectors', CHATS, { ...CHAT, connectors: [{ id: 'c' }] }, 'connectors'],
  ['a library', CHATS, { ...CHAT, library_ids: ['l'] }, 'library_ids'],
  ['sound', CHATS, { ...CHAT, modalities: ['audio'], audio: { voice: 'v' } }, 'modalities'],
  ['pictures', CHATS, { ...CHAT, modalities: ['text', 'image'] }, 'modalities'],
  ['more completions', CHATS, { ...CHAT, best_of: 20 }, 'best_of'],
  ['other models', CHATS, { ...CHAT, models: ['mistral-large-latest'] }, 'models'],
  [
    'a search with the usual options',
    CHATS,
    { ...CHAT, web_search_options: {} },
    'web_search_options',
  ],
  ['connectors with the usual options', CHATS, { ...CHAT, mcp_servers: {} }, 'mcp_servers'],
  ['web search', CHATS, { ...CHAT, tools: [{ type: 'web_search' }] }, 'tools[0].type'],
  [
    'a connector behind a function',
    CHATS,
    { ...CHAT, tools: [{ function: f }, { type: 'connector', connector_id: 'c' }] },
    'tools[1].type',
  ],
  ['a tool that is not in a list', CHATS, { ...CHAT, tools: { type: 'web_search' } }, 'tools'],
  ['tools as a text', CHATS, { ...CHAT, tools: 'web_search' }, 'tools'],
  ['a tool as a text', CHATS, { ...CHAT, tools: ['web_search'] }, 'tools[0]'],
  [
    'a tool in a list of its own',
    CHATS,
    { ...CHAT, tools: [[{ type: 'web_search' }]] },
    'tools[0]',
  ],
  [
    'a function that is a connector too',
    CHATS,
    { ...CHAT, tools: [{ type: 'function', function: f, connector_id: 'c' }] },
    'tools[0].connector_id',
  ],
  [
    'a function with more',
    CHATS,
    { ...CHAT, tools: [{ type: 'function', function: { ...f, web_search: {} } }] },
    'tools[0].function.web_search',
  ],
  [
    'a choice of a tool at Mistral',
    CHATS,
    { ...CHAT, tool_choice: { type: 'function', web_search: {} } },
    'tool_choice.web_search',
  ],
  ['content that is one part', CHATS, user(image), 'messages[0].content'],
  ['a part that is a text', CHATS, user(['x']), 'messages[0].content[0]'],
  ['a part within a list', CHATS, user([[image]]), 'messages[0].content[0]'],
  [
    'an image in a text',
    CHATS,
    user([
      { type: 'text', text: 'x' },
      { type: 'text', text: 'x', image_url: 'https://x' },
    ]),
    'messages[0].content[1].image_url',
  ],
  [
    'an object for the address of an image',
    CHATS,
    user([{ type: 'image_url', image_url: { url: { document_url: 'https://x' } } }]),
    'messages[0].content[0].image_url.url',
  ],
  [
    'an image in a thought',
    CHATS,
    user([{ type: 'thinking', thinking: [image] }]),
    'messages[0].content[0].thinking[0].type',
  ],
  ['messages that are not a list', CHATS, { ...CHAT, messages: { 0: image } }, 'messages'],
  ['a message that is none', CHATS, { ...CHAT, messages: [null] }, 'messages[0]'],
  ['a prompt in parts', '/v1/fim/completions', { ...FIM, prompt: [image] }, 'prompt'],
  [
    'images among texts to embed',
    '/v1/embeddings',
    { model: 'mistral-embed', input: ['x', image] },
    'input[1]',
  ],
  ['tokens to embed', '/v1/embeddings', { model: 'mistral-embed', input: [[1, 2]] }, 'input[0]'],
  [
    'a document under the name of an image',
    '/v1/ocr',
    { ...OCR, document: { type: 'image_url', document_url: 'https://x/1000-pages.pdf' } },
    'document.document_url',
  ],
  ['two documents', '/v1/ocr', { ...OCR, document: [OCR.document, OCR.document] }, 'document'],
  [
    'a document that is two, and does not say which',
    '/v1/ocr',
    {
      ...OCR,
      document: { image_url: 'https://x/1.png', document_url: 'https://x/1000-pages.pdf' },
    },
    'document.image_url',
  ],
  ['a document that is none', '/v1/ocr', { ...OCR, document: { id: 'l' } }, 'document.type'],
  [
    'a document of another type',
    '/v1/ocr',
    { ...OCR, document: { type: 'document_library', id: 'l' } },
    'document.type',
  ],
];

/** What Mistral's API does not have: refused, unless the policy lets it pass. */
const UNKNOWN: readonly (readonly [name: string, path: string, body: object, param: string])[] = [
  ['a field', CHATS, { ...CHAT, verbosity: 'low' }, 'verbosity'],
  ['a field of another endpoint', CHATS, { ...CHAT, min_tokens: 3 }, 'min_tokens'],
  ['a field in other letters', CHATS, { ...CHAT, Temperature: 1 }, 'Temperature'],
  ['a name of the prototype', CHATS, { ...CHAT, constructor: 1 }, 'constructor'],
  [
    'a field of a message',
    CHATS,
    { ...CHAT, messages: [{ ...CHAT.messages[0], name: 'ana' }] },
    'messages[0].name',
  ],
  ['a part', CHATS, user([{ type: 'hologram' }]), 'messages[0].content[0].type'],
  ['a part without a type', CHATS, user([{ text: 'x' }]), 'messages[0].content[0].type'],
  [
    'a role',
    CHATS,
    { ...CHAT, messages: [{ role: 'developer', content: 'x' }] },
    'messages[0].role',
  ],
  [
    'a field of a called tool',
    CHATS,
    {
      ...CHAT,
      messages: [
        { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '' }, x: 1 }] },
      ],
    },
    'messages[0].tool_calls[0].x',
  ],
  [
    'a field of the format',
    CHATS,
    {
      ...CHAT,
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: {}, x: 1 } },
    },
    'response_format.json_schema.x',
  ],
];

/** What real clients send, and what every answer has: sent as it is, or without what asks for nothing. */
const HARMLESS: readonly (readonly [name: string, path: string, body: object, sent: object])[] = [
  [
    "limits of documents, as the AI SDK's options write them",
    CHATS,
    { ...CHAT, document_image_limit: 8, document_page_limit: 64 },
    { document_image_limit: 8, document_page_limit: 64 },
  ],
  ['answers of text', CHATS, { ...CHAT, modalities: ['text'] }, { modalities: undefined }],
  ['one completion as the best', CHATS, { ...CHAT, best_of: 1 }, { best_of: undefined }],
  ['no search', CHATS, { ...CHAT, web_search_options: false }, { web_search_options: undefined }],
  // Of a file_id, test/gateway/objects/files-in-bodies.test.ts: it must be the caller's own.
  ...[{ document_url: 'https://x/a.pdf' }, { image_url: 'https://x/i.png' }].map(
    (document) =>
      [
        `a document that is a ${Object.keys(document)[0]} without saying so`,
        '/v1/ocr',
        { ...OCR, document },
        { document },
      ] as const,
  ),
  [
    'thoughts that are texts without saying so',
    CHATS,
    user([{ type: 'thinking', thinking: [{ text: 'x' }] }]),
    { messages: user([{ type: 'thinking', thinking: [{ text: 'x' }] }]).messages },
  ],
];

describe.each(Object.entries(SHELLS))('through the %s', (_name, ask) => {
  test.each(NEVER)('%s is refused under any policy', async (_what, path, body, param) => {
    for (const passUnknownFields of [false, true]) {
      const outcome = await ask(path, body, passUnknownFields);
      expect(outcome).toMatchObject({ status: 422, code: 'invalid_request', param, sent: [] });
      expect(outcome.message).toContain(param);
    }
  });

  test.each(HARMLESS)('%s is sent', async (_what, path, body, expected) => {
    const { status: passed, sent } = await ask(path, body);
    expect({ passed, requests: sent.length }).toEqual({ passed: 200, requests: 1 });
    const fields = JSON.parse(sent[0] ?? '');
    for (const [name, value] of Object.entries(expected)) expect(fields[name]).toEqual(value);
  });

  test.each(UNKNOWN)(
    '%s is refused by its name, unless the policy lets it pass',
    async (_what, path, body, param) => {
      const refused = await ask(path, body);
      expect(refused).toMatchObject({ status: 422, code: 'invalid_request', param, sent: [] });
      expect(refused.message).toMatch(/allowed are \w+.*gateway\.passUnknownFields decides/);
      const { sent, status: passed } = await ask(path, body, true);
      expect(passed).toBe(200);
      expect(JSON.parse(sent[0] ?? '')).toMatchObject({ ...body, model: expect.any(String) });
    },
  );
});

test('what passes although nothing knows it is booked at its upper bound', async () => {
  const settled = async (more: object) => {
    const world = await gatewayWorld(
      (response) => answerJson(response, 200, { ...COMPLETION, usage: undefined }),
      ({ gateway }) => {
        gateway.passUnknownFields = true;
      },
    );
    await world.ask({ ...CHAT, max_tokens: 1, ...more });
    return world.quotas.settled(DAILY_TOKENS);
  };
  expect(await settled({})).toBeLessThan(1000);
  expect(await settled({ documents: ['https://x/1000-pages.pdf'] })).toBeGreaterThan(100_000);
});

test.each([
  ['/v1/embeddings', { model: 'mistral-embed', input: 'x' }, DAILY_TOKENS, 8000],
  [
    '/v1/ocr',
    { ...OCR, pages: [0], document: { type: 'document_url', document_url: 'https://x' } },
    'workspace#dev-workspace usd month',
    1001,
  ],
] as const)(
  'what passes on %s is booked at its upper bound, too',
  async (path, body, quota, atLeast) => {
    const settled = async (more: object) => {
      const world = await gatewayWorld(
        (response) => answerJson(response, 200, { data: [] }),
        ({ gateway, roles, workspaces }) => {
          gateway.passUnknownFields = true;
          roles.developer.models = '*';
          workspaces[0].models = '*';
        },
      );
      expect((await world.ask({ ...body, ...more }, { path })).status).toBe(200);
      return world.quotas.settled(quota);
    };
    expect(await settled({})).toBeLessThan(atLeast);
    expect(await settled({ documents: ['https://x/1000-pages.pdf'] })).toBeGreaterThanOrEqual(
      atLeast,
    );
  },
);

test("the AI SDK's options for documents reach Mistral, and a document is bounded as without them", async () => {
  const reserved = async (mistral: Record<string, number>) => {
    const world = await gatewayWorld((response) =>
      answerJson(response, 200, { ...COMPLETION, usage: undefined }),
    );
    const ai = createMistral({
      ...{ baseURL: `${world.url}/v1`, apiKey: 'none' },
      headers: { [CALLER_HEADER]: DEVELOPER },
    });
    const data = new URL('https://x/a.pdf');
    await generateText({
      model: ai(CHAT.model),
      maxRetries: 0,
      messages: [{ role: 'user', content: [{ type: 'file', data, mediaType: 'application/pdf' }] }],
      providerOptions: { mistral },
    }).catch(() => {}); // it wants a usage, without which the upper bound is booked
    const [sent] = world.received;
    return { sent: JSON.parse(sent?.body ?? '{}'), booked: world.quotas.settled(DAILY_TOKENS) };
  };

  const { sent, booked } = await reserved({ documentImageLimit: 8, documentPageLimit: 64 });
  expect(sent).toMatchObject({ document_image_limit: 8, document_page_limit: 64 });
  expect(booked).toBeGreaterThan(100_000);
  expect(booked).toBe((await reserved({})).booked);
});

test.each(NEVER)('a refusal of %s names no way out that is none', async (_what, path, body) => {
  const { message } = await plainServer(path, body);
  expect(message).not.toContain('passUnknownFields');
});

test('a name as long as the body becomes a short refusal', async () => {
  const name = 'x"\n'.repeat(300_000);
  const { status: refused, message, param } = await plainServer(CHATS, { ...CHAT, [name]: 1 });
  expect(refused).toBe(422);
  expect(String(message).length + String(param).length).toBeLessThan(1000);
});
